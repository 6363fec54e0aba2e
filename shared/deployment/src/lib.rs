//! What a deployment is made of, and how it comes to be: stacks of one template in the regions that the bindings name, and what
//! they need in OSS.

pub mod deploy;
