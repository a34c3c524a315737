//! The listeners of the service: bound before anything else happens, served beside the event loop.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use super::RunError;
use crate::config::{HttpConfig, WebConfig};
use crate::serve::access::Gate;
use crate::serve::admin::{self, Scrape};
use crate::serve::web::{self, Site};

/// How long requests that are being answered may take at the end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// The listeners, not yet served.
pub(super) struct Listeners {
    admin: TcpListener,
    page: Option<TcpListener>,
    /// Where the metrics are.
    pub(super) address: SocketAddr,
    /// Where the page is, if there is one.
    pub(super) page_address: Option<SocketAddr>,
}

impl Listeners {
    /// Listens at the configured addresses.
    pub(super) fn bind(http: &HttpConfig, web: &WebConfig) -> Result<Listeners, RunError> {
        let (admin, address) = listen(http.listen, "http.listen")?;
        info!(%address, "listening");
        let page = web.listen.map(|address| listen(address, "web.listen")).transpose()?;
        let page_address = page.as_ref().map(|(_, address)| *address);
        if let Some(address) = page_address {
            info!(%address, "the page is served");
        }
        Ok(Listeners { admin, page: page.map(|(listener, _)| listener), address, page_address })
    }

    /// Serves in the background.
    pub(super) fn serve(
        self,
        runtime: &Runtime,
        scrape: Arc<Scrape>,
        site: Option<Arc<Site>>,
        gate: &Arc<Gate>,
    ) -> Servers {
        for address in [Some(self.address), self.page_address].into_iter().flatten() {
            if !address.ip().is_loopback() && gate.is_open() {
                warn!(%address, "anybody who reaches this address reads the numbers: nobody has to log in");
            }
        }
        let (of_admin, of_page) = (Arc::clone(gate), Arc::clone(gate));
        let (close, closed) = watch::channel(());
        let mut tasks = vec![spawn(runtime, self.admin, &closed, |listener, closed| {
            admin::serve(listener, scrape, of_admin, closed)
        })];
        if let (Some(listener), Some(site)) = (self.page, site) {
            tasks.push(spawn(runtime, listener, &closed, |listener, closed| {
                web::serve(listener, site, of_page, closed)
            }));
        }
        Servers { close, tasks }
    }
}

fn listen(address: SocketAddr, key: &str) -> Result<(TcpListener, SocketAddr), RunError> {
    let cannot = |error| RunError::System(format!("cannot listen at {address} ({key}): {error}"));
    let listener = TcpListener::bind(address).map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok((listener, address))
}

fn spawn<F, S>(runtime: &Runtime, listener: TcpListener, closed: &watch::Receiver<()>, serve: S) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send,
    S: FnOnce(tokio::net::TcpListener, Closed) -> F + Send + 'static,
{
    let closed = closed.clone();
    runtime.spawn(async move {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => serve(listener, Box::pin(is_closed(closed))).await,
            Err(error) => error!(%error, "there is no HTTP server"),
        }
    })
}

/// Completes when the servers are closed.
type Closed = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn is_closed(mut closed: watch::Receiver<()>) {
    // The sender speaks by going.
    while closed.changed().await.is_ok() {}
}

/// The HTTP servers in the background.
pub(super) struct Servers {
    close: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Servers {
    pub(super) fn close(self, runtime: &Runtime) {
        drop(self.close);
        let all = async {
            for task in self.tasks {
                // A server that panicked has ended, too.
                let _ = task.await;
            }
        };
        if runtime.block_on(async { tokio::time::timeout(LAST_REQUESTS, all).await }).is_err() {
            warn!("requests were still being answered at the end");
        }
    }
}
