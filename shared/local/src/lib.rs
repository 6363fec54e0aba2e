//! A whole local deployment: emulator, functions and template wired together.
