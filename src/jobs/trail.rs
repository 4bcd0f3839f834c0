//! Where an image may be asked for: every endpoint of every model that can do it, in the
//! order of the route. Pure.

use crate::catalog::Endpoint;
use crate::routing::{Choice, Route};
use crate::upstream::Past;

/// One place to ask at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Station<'a> {
    pub choice: &'a Choice,
    pub endpoint: Endpoint,
}

impl Station<'_> {
    /// `provider/model over endpoint`, for messages.
    pub(super) fn name(&self) -> String {
        format!("{} over {}", self.choice.model.name, self.endpoint.name())
    }
}

/// The places still to go to, the present one first.
#[derive(Clone, Debug)]
pub(super) struct Trail<'a> {
    stations: Vec<Station<'a>>,
    at: usize,
}

impl<'a> Trail<'a> {
    /// The trail of a route, without the places that are to be passed over just now; where
    /// that leaves none, they are all there.
    pub(super) fn new(route: &'a Route, passed_over: impl Fn(&Station<'_>) -> bool) -> Self {
        let stations: Vec<_> = std::iter::once(&route.first)
            .chain(&route.rest)
            .flat_map(|choice| {
                choice.model.endpoints.iter().map(move |endpoint| Station { choice, endpoint: *endpoint })
            })
            .collect();
        let open: Vec<_> = stations.iter().copied().filter(|station| !passed_over(station)).collect();
        Self { stations: if open.is_empty() { stations } else { open }, at: 0 }
    }

    /// The present place.
    pub(super) fn here(&self) -> Option<Station<'a>> {
        self.stations.get(self.at).copied()
    }

    /// Goes on to the next place that the step allows; `false` where there is none.
    pub(super) fn move_on(&mut self, past: Past) -> bool {
        let Some(here) = self.here() else { return false };
        let next = self.stations.iter().enumerate().skip(self.at + 1);
        let next = match past {
            Past::Endpoint => next.map(|(at, _)| at).next(),
            Past::Provider => next
                .filter(|(_, station)| station.choice.model.name.provider != here.choice.model.name.provider)
                .map(|(at, _)| at)
                .next(),
            Past::AllButImages => next
                .filter(|(_, station)| {
                    station.choice.model.name == here.choice.model.name
                        && station.endpoint == Endpoint::Images
                })
                .map(|(at, _)| at)
                .next(),
        };
        self.at = next.unwrap_or(self.at);
        next.is_some()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::{ImageRequest, Prompt};
    use crate::routing::route;

    pub(in crate::jobs) fn a_prompt_alone() -> Route {
        let request = ImageRequest::for_prompt(Prompt::parse("a red kite").unwrap());
        route(&request, &Catalog::builtin().unwrap(), &|_| true, None).unwrap()
    }

    fn names(trail: &mut Trail<'_>, past: Past) -> Vec<String> {
        let mut names = vec![trail.here().unwrap().name()];
        while trail.move_on(past) {
            names.push(trail.here().unwrap().name());
        }
        names
    }

    #[test]
    fn endpoints_come_first_then_models_then_providers() {
        let route = a_prompt_alone();
        let all = [
            "apiyi/gpt-image-2-all over chat",
            "apiyi/gpt-image-2-all over images",
            "apiyi/gpt-image-2 over images",
            "openai/gpt-image-2 over images",
        ];
        assert_eq!(names(&mut Trail::new(&route, |_| false), Past::Endpoint), all);
        assert_eq!(names(&mut Trail::new(&route, |_| false), Past::Provider), [all[0], all[3]]);
        assert_eq!(names(&mut Trail::new(&route, |_| false), Past::AllButImages), all[..2]);
    }

    #[test]
    fn what_is_passed_over_is_left_out_unless_nothing_else_is_there() {
        let route = a_prompt_alone();
        let chat = |station: &Station<'_>| station.endpoint == Endpoint::Chat;
        assert_eq!(names(&mut Trail::new(&route, chat), Past::Endpoint).len(), 3);
        assert_eq!(names(&mut Trail::new(&route, |_| true), Past::Endpoint).len(), 4);
    }
}
