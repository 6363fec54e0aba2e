//! A laboratory of network namespaces: the same places and cables for every topology.
//!
//! ```text
//!   alb ── vpc-1 ── tr-a ══ tr-b ══ tr-c        vpc-2 and vpc-3 have cables to every router,
//!                    ╚════════════════╝         i-21, i-22 and i-31, i-32 to their VPCs
//! ```
//! One shell, root of user, network, mount and process namespaces of its own, makes and uses all of it. When it ends, or
//! whoever holds its standard input does, the kernel takes everything away. Each cable has two addresses of 169.254.0.0/16,
//! which only neighbours talk to; what is routed is in tables that `kernel` fills.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Both ends of every cable. An interface is called like the namespace at its other end.
const CABLES: [(&str, &str); 15] = [
    ("alb", "vpc-1"),
    ("vpc-1", "tr-a"),
    ("vpc-2", "tr-a"),
    ("vpc-2", "tr-b"),
    ("vpc-2", "tr-c"),
    ("vpc-3", "tr-a"),
    ("vpc-3", "tr-b"),
    ("vpc-3", "tr-c"),
    ("tr-a", "tr-b"),
    ("tr-a", "tr-c"),
    ("tr-b", "tr-c"),
    ("vpc-2", "i-21"),
    ("vpc-2", "i-22"),
    ("vpc-3", "i-31"),
    ("vpc-3", "i-32"),
];

/// Dead ends: interfaces that a route can lead to, with nobody behind them. Their names say why a packet is there.
pub(crate) const ENDS: [&str; 6] = ["noroute", "service", "elsewhere", "nobody", "blackhole", "loose"];

/// The tables that `kernel` fills: those of a VPC or a router, who is in a VPC, and one for packets of no table.
pub(crate) const TABLES: [u32; 4] = [10, 11, 20, 30];

/// What the servers in the instances listen on.
const WEB_PORTS: [u16; 2] = [80, 8080];

/// Ends the output of a script.
const MARK: &str = "-- done --";

pub(crate) struct Lab {
    shell: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: PathBuf,
}

impl Lab {
    /// Opens a laboratory by a name of its own, or says why that cannot be.
    pub(crate) fn open(name: &str) -> Result<Self, String> {
        for (command, package) in [("unshare", "util-linux"), ("ip", "iproute2"), ("nft", "nftables")] {
            let found = Command::new(command).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
            found.map_err(|error| format!("{command} of the package {package} cannot be run: {error}"))?;
        }
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("dataplane-{name}"));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut shell = Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh"])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let (input, output) = (shell.stdin.take(), shell.stdout.take().ok_or("the shell has no output")?);
        let mut lab = Self { shell, input, output: BufReader::new(output), folder };
        let told = lab.run(&setup())?;
        if told.iter().any(|line| line == "ready") {
            Ok(lab)
        } else {
            Err(format!("the namespaces cannot be made: {}", told.join("; ")))
        }
    }

    /// Runs a script and gives what it printed.
    pub(crate) fn run(&mut self, script: &str) -> Result<Vec<String>, String> {
        let input = self.input.as_mut().ok_or("the shell is closed")?;
        let lost = |error: std::io::Error| format!("the shell is gone: {error}");
        input.write_all(format!("{{\n{script}\n}} 2>&1\necho '{MARK}'\n").as_bytes()).map_err(lost)?;
        input.flush().map_err(lost)?;
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).map_err(lost)? == 0 {
                return Err(format!("the shell ended: {}", lines.join("; ")));
            }
            let line = line.trim_end();
            if line == MARK {
                return Ok(lines);
            }
            lines.push(line.to_owned());
        }
    }

    /// Puts a file where scripts find it by its name.
    pub(crate) fn file(&self, name: &str, text: &str) -> Result<(), String> {
        std::fs::write(self.folder.join(name), text).map_err(|error| format!("{name}: {error}"))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // The shell ends with its input, and as the first process of its namespace takes all others with it.
        drop(self.input.take());
        drop(self.shell.kill());
        drop(self.shell.wait());
    }
}

/// Runs a command in a namespace.
pub(crate) fn inside(namespace: &str, command: &str) -> String {
    format!("nsenter --net=/run/netns/{namespace} {command}")
}

/// Where packets for `neighbour` have to be handed to, as seen from `place`.
pub(crate) fn next_hop(place: &str, neighbour: &str) -> String {
    let at = CABLES.iter().position(|ends| *ends == (place, neighbour) || *ends == (neighbour, place)).unwrap();
    let far = u8::from(CABLES[at].0 == place);
    format!("via 169.254.{at}.{far} dev {neighbour} onlink")
}

fn places() -> Vec<&'static str> {
    let mut places: Vec<&str> = CABLES.iter().flat_map(|(one, other)| [*one, *other]).collect();
    places.sort_unstable();
    places.dedup();
    places
}

fn setup() -> String {
    let mut script = "set -e\nmount -t tmpfs tmpfs /run\nmkdir /run/netns\n".to_owned();
    for place in places() {
        writeln!(script, "ip netns add {place}").unwrap();
        // VPCs do not look at where a packet comes from. Redirects would only be noise.
        let settings = "for c in all default; do for s in rp_filter=0 accept_redirects=0 send_redirects=0; do \
                        echo ${s#*=} > /proc/sys/net/ipv4/conf/$c/${s%=*}; done; done; \
                        echo 32 > /proc/sys/net/ipv4/ip_default_ttl; \
                        echo 0 > /proc/sys/net/ipv4/tcp_synack_retries; \
                        echo 40000 40999 > /proc/sys/net/ipv4/ip_local_port_range";
        let forward = if is_router(place) { "; echo 1 > /proc/sys/net/ipv4/ip_forward" } else { "" };
        writeln!(script, "{}", inside(place, &format!("sh -c '{settings}{forward}'"))).unwrap();
        writeln!(script, "ip -n {place} link set lo up").unwrap();
        for end in ENDS.iter().filter(|_| is_router(place)) {
            writeln!(script, "ip -n {place} link add {end} type bridge\nip -n {place} link set {end} up").unwrap();
        }
        for table in TABLES.iter().filter(|_| is_router(place)) {
            writeln!(script, "ip -n {place} route add default dev noroute table {table}").unwrap();
        }
    }
    for (at, (one, other)) in CABLES.iter().enumerate() {
        writeln!(script, "ip -n {one} link add {other} type veth peer name {one} netns {other}").unwrap();
        for (end, (place, interface)) in [(one, other), (other, one)].into_iter().enumerate() {
            writeln!(script, "ip -n {place} addr add 169.254.{at}.{end}/31 dev {interface}").unwrap();
            writeln!(script, "ip -n {place} link set {interface} up").unwrap();
        }
    }
    for place in places() {
        if let Some(vpc) = home(place) {
            writeln!(script, "ip -n {place} route add default {}", next_hop(place, vpc)).unwrap();
        }
        if place.starts_with("i-") {
            let ports = WEB_PORTS.map(|port| port.to_string()).join(" ");
            let serve = inside(place, &format!("{} serve {place} {ports}", env!("CARGO_BIN_EXE_dataplane-agent")));
            writeln!(script, "{serve} < /dev/null > /dev/null 2>&1 &").unwrap();
        }
    }
    script.push_str("set +e\nnft --version > /dev/null && echo ready\n");
    script
}

fn is_router(place: &str) -> bool {
    place.starts_with("vpc-") || place.starts_with("tr-")
}

/// The VPC that an instance or the load balancer is in.
fn home(place: &str) -> Option<&'static str> {
    match place {
        "alb" => Some("vpc-1"),
        "i-21" | "i-22" => Some("vpc-2"),
        "i-31" | "i-32" => Some("vpc-3"),
        _ => None,
    }
}
