//! Which Azure it is. What follows from it (hosts, suffixes, what `environment()` says) stands in the rooms that need it.

use serde::{Deserialize, Serialize};

/// An Azure of its own, with its own login and its own registries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
pub enum Cloud {
    #[default]
    Public,
    /// US Government.
    #[value(name = "usgov")]
    UsGov,
    /// 21Vianet.
    China,
}

impl Cloud {
    /// The word for it, as `--cloud` takes it.
    pub fn word(self) -> &'static str {
        match self {
            Cloud::Public => "public",
            Cloud::UsGov => "usgov",
            Cloud::China => "china",
        }
    }

    /// What the login servers of its container registries end in, without the dot before it.
    pub fn acr_suffix(self) -> &'static str {
        match self {
            Cloud::Public => "azurecr.io",
            Cloud::UsGov => "azurecr.us",
            Cloud::China => "azurecr.cn",
        }
    }
}
