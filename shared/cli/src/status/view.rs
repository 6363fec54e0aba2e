//! How much of a look is shown, and in which order. What is cut never hides a fault without saying so.

use super::look::{Look, Member};
use crate::args::{Sort, StatusArgs};
use crate::output::{Console, Exit};

/// The most faulty members that are named: more of them mostly have one cause, which stands above.
const FAULTY: usize = 8;
/// The most rows of a wide table.
const ROWS: usize = 40;

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Everything.
    pub(super) all: bool,
    /// Tables with more columns.
    pub(super) wide: bool,
    /// Only what is faulty.
    pub(super) faulty: bool,
    /// The order of members.
    pub(super) sort: Sort,
    /// The columns that a table may take.
    pub(super) room: usize,
}

/// The members that are shown, and those that are not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown<'m> {
    /// In the order that was asked for.
    pub(super) members: Vec<&'m Member>,
    /// Faulty ones that are left out.
    pub(super) faulty: Vec<&'m Member>,
    /// How many are left out that are not faulty.
    pub(super) well: usize,
}

impl View {
    pub(super) fn of(args: &StatusArgs, console: Console) -> Self {
        Self {
            all: args.shape.all,
            wide: console.is_wide(),
            faulty: args.faulty,
            sort: args.sort,
            room: console.room(),
        }
    }

    /// Whether a binding is shown.
    pub(super) fn holds(&self, look: &Look) -> bool {
        let faulty = |member: &Member| member.is_faulty();
        !self.faulty || look.exit() != Exit::Done || look.members.listed.iter().flatten().any(faulty)
    }

    /// The members that are shown: faulty ones before all others.
    pub(super) fn members<'m>(&self, listed: &'m [Member]) -> Shown<'m> {
        let (mut members, well): (Vec<&Member>, Vec<&Member>) = listed.iter().partition(|member| member.is_faulty());
        let most = match (self.all, self.wide) {
            (true, _) => usize::MAX,
            (false, true) => ROWS,
            (false, false) => FAULTY,
        };
        let faulty = members.split_off(members.len().min(most));
        let room = match (self.faulty, self.all, self.wide) {
            (true, ..) => 0,
            (false, true, _) => well.len(),
            (false, false, true) => ROWS.saturating_sub(members.len()),
            (false, false, false) => 0,
        };
        let (shown, left) = well.split_at(room.min(well.len()));
        members.extend(shown);
        // Where nobody is named, the line above says that all are well.
        let left = if self.faulty || members.is_empty() { 0 } else { left.len() };
        self.order(&mut members);
        Shown { members, faulty, well: left }
    }

    /// Sorts members.
    pub(super) fn order(&self, members: &mut [&Member]) {
        match self.sort {
            Sort::Health => members.sort_by_key(|member| (!member.is_faulty(), !member.health.is_ill())),
            Sort::Name => members.sort_by_key(|member| (member.name.clone(), member.instance.clone(), member.endpoint)),
            Sort::Weight => members.sort_by_key(|member| (member.weight, member.endpoint)),
        }
    }
}

#[cfg(test)]
mod tests {
    use onboarding::topology::Endpoint;

    use super::super::look::MemberHealth;
    use super::*;

    fn members(count: u8, ill: &[u8]) -> Vec<Member> {
        let member = |number: u8| Member {
            instance: Some(format!("i-{number:02}").into()),
            name: format!("web-{:02}", 99 - number),
            endpoint: Endpoint { address: [10, 0, 0, number].into(), port: 80 },
            weight: u32::from(100 - number),
            state: None,
            health: if ill.contains(&number) {
                MemberHealth::Ill { status: "Unhealthy".to_owned(), reason: "CONNECT_TIMEOUT".to_owned() }
            } else {
                MemberHealth::Healthy
            },
            fault: None,
        };
        (0..count).map(member).collect()
    }

    const USUAL: View = View { all: false, wide: false, faulty: false, sort: Sort::Health, room: 100 };

    fn ids(shown: &Shown<'_>) -> Vec<String> {
        shown.members.iter().filter_map(|member| member.instance.as_ref()).map(ToString::to_string).collect()
    }

    #[test]
    fn the_faulty_ones_are_shown_first_and_what_is_cut_is_none_of_them() {
        let many = members(60, &[58, 3]);
        let shown = USUAL.members(&many);
        assert_eq!((ids(&shown), shown.faulty.len(), shown.well), (vec!["i-03".to_owned(), "i-58".to_owned()], 0, 58));
        let shown = View { wide: true, ..USUAL }.members(&many);
        assert_eq!(
            (ids(&shown)[..3].join(" "), shown.members.len(), shown.well),
            ("i-03 i-58 i-00".to_owned(), 40, 20)
        );
        let shown = View { all: true, ..USUAL }.members(&many);
        assert_eq!((shown.members.len(), shown.well), (60, 0));
        let shown = View { faulty: true, wide: true, ..USUAL }.members(&many);
        assert_eq!((shown.members.len(), shown.well), (2, 0));
        assert_eq!(USUAL.members(&members(60, &[])).well, 0, "the summary says that all are healthy");
        let all: Vec<u8> = (0..60).collect();
        let ill = members(60, &all);
        let shown = USUAL.members(&ill);
        assert_eq!((shown.members.len(), shown.faulty.len(), shown.well), (8, 52, 0));
    }

    #[test]
    fn an_order_hides_nobody() {
        let many = members(60, &[58, 3]);
        let by = |sort| ids(&View { sort, wide: true, ..USUAL }.members(&many));
        assert!(by(Sort::Name).contains(&"i-03".to_owned()));
        assert_eq!(by(Sort::Name)[0], "i-58", "web-41 comes first");
        assert_eq!(by(Sort::Weight)[0], "i-58", "the lightest");
    }
}
