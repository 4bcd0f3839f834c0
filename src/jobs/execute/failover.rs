//! Where an image can be asked for: every endpoint of every model that can do it, in the order of the route. Pure.

use crate::catalog::Endpoint;
use crate::routing::{Choice, Route};
use crate::upstream::Skip;

/// One endpoint of one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Target<'a> {
    pub choice: &'a Choice,
    pub endpoint: Endpoint,
}

impl Target<'_> {
    /// `provider/model over endpoint`, for messages.
    pub(super) fn name(&self) -> String {
        format!("{} over {}", self.choice.model.name, self.endpoint.name())
    }
}

/// The targets that are left, the current one first.
#[derive(Clone, Debug)]
pub(super) struct FailoverPlan<'a> {
    targets: Vec<Target<'a>>,
    at: usize,
}

impl<'a> FailoverPlan<'a> {
    /// All targets of a route without those that are passed over, or with them if nothing else is left.
    pub(super) fn new(route: &'a Route, passed_over: impl Fn(&Target<'_>) -> bool) -> Self {
        let targets: Vec<_> = std::iter::once(&route.first)
            .chain(&route.rest)
            .flat_map(|choice| {
                choice.model.endpoints.iter().map(move |endpoint| Target { choice, endpoint: *endpoint })
            })
            .collect();
        let open: Vec<_> = targets.iter().copied().filter(|target| !passed_over(target)).collect();
        Self { targets: if open.is_empty() { targets } else { open }, at: 0 }
    }

    /// The current target.
    pub(super) fn here(&self) -> Option<Target<'a>> {
        self.targets.get(self.at).copied()
    }

    /// Moves to the next target that the step allows. `false` where there is none.
    pub(super) fn move_on(&mut self, skip: Skip) -> bool {
        let Some(here) = self.here() else { return false };
        let next = self.targets.iter().enumerate().skip(self.at + 1);
        let next = match skip {
            Skip::Endpoint => next.map(|(at, _)| at).next(),
            Skip::Provider => next
                .filter(|(_, target)| target.choice.model.name.provider != here.choice.model.name.provider)
                .map(|(at, _)| at)
                .next(),
            Skip::AllButImages => next
                .filter(|(_, target)| {
                    target.choice.model.name == here.choice.model.name && target.endpoint == Endpoint::Images
                })
                .map(|(at, _)| at)
                .next(),
        };
        self.at = next.unwrap_or(self.at);
        next.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::{ImageRequest, Prompt};
    use crate::routing::route;

    fn a_prompt_alone() -> Route {
        let request = ImageRequest::for_prompt(Prompt::parse("a red kite").unwrap());
        route(&request, &Catalog::builtin().unwrap(), &|_| true, None).unwrap()
    }

    fn names(failover: &mut FailoverPlan<'_>, skip: Skip) -> Vec<String> {
        let mut names = vec![failover.here().unwrap().name()];
        while failover.move_on(skip) {
            names.push(failover.here().unwrap().name());
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
        assert_eq!(names(&mut FailoverPlan::new(&route, |_| false), Skip::Endpoint), all);
        assert_eq!(names(&mut FailoverPlan::new(&route, |_| false), Skip::Provider), [all[0], all[3]]);
        assert_eq!(names(&mut FailoverPlan::new(&route, |_| false), Skip::AllButImages), all[..2]);
    }

    #[test]
    fn what_is_passed_over_is_left_out_unless_nothing_else_is_there() {
        let route = a_prompt_alone();
        let chat = |target: &Target<'_>| target.endpoint == Endpoint::Chat;
        assert_eq!(names(&mut FailoverPlan::new(&route, chat), Skip::Endpoint).len(), 3);
        assert_eq!(names(&mut FailoverPlan::new(&route, |_| true), Skip::Endpoint).len(), 4);
    }
}
