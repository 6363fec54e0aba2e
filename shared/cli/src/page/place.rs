//! Where the parts of the page are: pages of their own at the server, sections in a file.

use onboarding::ids::BindingName;

use super::html::Part;

/// Where the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At a server that shows the present.
    Served,
    /// In a file that shows one time.
    File,
}

impl Place {
    /// The address of the list of bindings.
    pub(super) const fn index(self) -> &'static str {
        match self {
            Self::Served => "/",
            Self::File => "#content",
        }
    }

    /// The address of a binding.
    pub(super) fn binding(self, binding: &BindingName) -> String {
        match self {
            Self::Served => format!("/binding/{}", Part(binding.as_str())),
            Self::File => format!("#binding-{binding}"),
        }
    }

    /// The address of the way to an instance, where there is one.
    pub(super) fn way(self, binding: &BindingName, instance: &str) -> Option<String> {
        match self {
            Self::Served => Some(format!("{}?instance={}#topology", self.binding(binding), Part(instance))),
            Self::File => None,
        }
    }

    /// The address of a run.
    pub(super) fn run(self, binding: &BindingName, run: &str) -> String {
        match self {
            Self::Served => format!("{}/run/{}", self.binding(binding), Part(run)),
            Self::File => format!("#{}", Self::run_id(run)),
        }
    }

    /// The id of a run's section.
    pub(super) fn run_id(run: &str) -> String {
        format!("run-{}", Part(run).to_string().replace('%', "_"))
    }
}

/// What is asked for at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// All bindings.
    Index,
    /// A binding, and the instance whose way is drawn.
    Binding {
        /// Its name.
        binding: String,
        /// By its id.
        instance: Option<String>,
    },
    /// A run of a binding.
    Run {
        /// The binding's name.
        binding: String,
        /// The run's name.
        run: String,
    },
}

impl Asked {
    /// What a path and a query ask for, if there is such a page.
    pub(super) fn parse(path: &str, query: &str) -> Option<Self> {
        let decoded = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8().ok().map(String::from);
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        match parts.as_slice() {
            [""] => Some(Self::Index),
            ["binding", binding] => {
                let mut fields = query.split('&').filter_map(|field| field.split_once('='));
                let instance = fields.find(|(name, _)| *name == "instance").and_then(|(_, id)| decoded(id));
                Some(Self::Binding { binding: decoded(binding)?, instance })
            }
            ["binding", binding, "run", run] => Some(Self::Run { binding: decoded(binding)?, run: decoded(run)? }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_back_to_what_they_were_made_for() {
        let binding = BindingName::from("web");
        let odd = "web-1/..%?&#é";
        let asked = |address: &str| {
            let address = address.split('#').next().unwrap();
            let (path, query) = address.split_once('?').unwrap_or((address, ""));
            Asked::parse(path, query)
        };
        assert_eq!(asked(Place::Served.index()), Some(Asked::Index));
        let way = Place::Served.way(&binding, odd).unwrap();
        assert_eq!(asked(&way), Some(Asked::Binding { binding: "web".to_owned(), instance: Some(odd.to_owned()) }));
        let run = Place::Served.run(&binding, odd);
        assert_eq!(asked(&run), Some(Asked::Run { binding: "web".to_owned(), run: odd.to_owned() }));
        for nowhere in ["", "x", "/x", "//", "/binding", "/binding/web/", "/binding/web/run", "/binding/%ff"] {
            assert_eq!(Asked::parse(nowhere, ""), None, "{nowhere}");
        }
    }
}
