//! What is behind the address of a source to which something is posted.

use std::sync::Arc;

use super::account::{Account, secret};
use super::hook::Proof;
use super::sharecrm::Keys;
use super::sources::{Source, Way};

/// The header of the secret of a tenant's function.
pub const PUSH_TOKEN: &str = "x-salespulse-token";

/// What is behind the address of a source.
#[derive(Debug)]
pub enum Door {
    /// A webhook, whose body is the fact.
    Payload {
        /// The source.
        source: Arc<Source>,
        /// How its sender proves that it knows …
        proof: Proof,
        /// … the secret.
        secret: String,
    },
    /// Zoho CRM rings, with this token in the body.
    Zoho {
        /// The token.
        token: String,
    },
    /// Functions of a tenant of ShareCRM's post records, and its platform rings.
    ShareCrm {
        /// The secret of the functions.
        push: Option<String>,
        /// The keys of the platform.
        callback: Option<Keys>,
    },
}

impl Door {
    /// The door of a source, with its secrets read from their files; `None` where nothing is posted.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn of(source: &Arc<Source>) -> Result<Option<Door>, String> {
        Ok(match &source.way {
            Some(Way::Hook(hook)) => Some(Door::Payload {
                source: Arc::clone(source),
                proof: hook.proof.clone(),
                secret: secret(&hook.secret_file)?,
            }),
            Some(Way::Poll(polling)) => match &polling.account {
                Account::Zoho(account) => match &account.bell {
                    Some(bell) => Some(Door::Zoho { token: secret(&bell.token_file)? }),
                    None => None,
                },
                Account::ShareCrm(account) => {
                    let push = account.push_secret_file.as_deref().map(secret).transpose()?;
                    let callback = match &account.callback {
                        Some((token, key)) => Some(Keys::new(&secret(token)?, &secret(key)?).ok_or_else(|| {
                            format!("{} is no EncodingAESKey: it has 43 letters and digits", key.display())
                        })?),
                        None => None,
                    };
                    (push.is_some() || callback.is_some()).then_some(Door::ShareCrm { push, callback })
                }
                Account::HubSpot(_) | Account::Pipedrive(_) => None,
            },
            _ => None,
        })
    }

    /// Whether what is posted is for the thread that polls.
    #[must_use]
    pub const fn is_of_poller(&self) -> bool {
        !matches!(self, Door::Payload { .. })
    }
}
