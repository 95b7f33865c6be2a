//! The thread that serves: one is enough, since readers mostly wait.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener as AsyncListener;
use tokio::runtime::Builder;
use tokio::time::timeout;

use super::access::Access;
use super::hub::Hub;
use super::patient::PatientListener;
use super::{site, tcp};

/// Where readers come to: sockets that are bound.
#[derive(Debug, Default)]
pub struct Ports {
    /// For pages and all else over HTTP.
    pub http: Option<TcpListener>,
    /// For bare lines.
    pub tcp: Option<TcpListener>,
}

/// The same sockets, as the thread that serves has them.
struct Open {
    http: Option<AsyncListener>,
    tcp: Option<AsyncListener>,
}

/// A server at work.
pub struct Server {
    hub: Arc<Hub>,
    thread: Option<JoinHandle<()>>,
    farewell: Arc<Mutex<Duration>>,
}

impl Ports {
    /// Binds a port of an address; 0 is one that is free.
    ///
    /// # Errors
    ///
    /// The port is taken, or the address is not this machine's.
    pub fn bind(address: IpAddr, port: u16) -> io::Result<TcpListener> {
        let listener = TcpListener::bind(SocketAddr::new(address, port))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

impl Server {
    /// Begins to serve what is published at the hub.
    ///
    /// # Errors
    ///
    /// The system has no thread or no event queue for it.
    pub fn start(hub: &Arc<Hub>, ports: Ports, access: Access) -> io::Result<Server> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let ports = {
            // Listeners belong to a runtime from the start on; one that it does not take is told here, while somebody listens.
            let _inside = runtime.enter();
            let open = |listener: Option<TcpListener>| listener.map(AsyncListener::from_std).transpose();
            Open { http: open(ports.http)?, tcp: open(ports.tcp)? }
        };
        let farewell = Arc::new(Mutex::new(Duration::ZERO));
        let (shared, limit) = (Arc::clone(hub), Arc::clone(&farewell));
        let thread = std::thread::Builder::new().name("server".into()).spawn(move || {
            runtime.block_on(serve(shared, ports, access, &limit));
        })?;
        Ok(Server { hub: Arc::clone(hub), thread: Some(thread), farewell })
    }

    /// Sends readers what they lack, and lets them go, all within this time.
    pub fn stop(&mut self, within: Duration) {
        if let Ok(mut farewell) = self.farewell.lock() {
            *farewell = within;
        }
        self.hub.close();
        // A thread that panicked serves no more either.
        self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(hub: Arc<Hub>, ports: Open, access: Access, farewell: &Mutex<Duration>) {
    let mut closing = hub.closing();
    let lines = ports.tcp.map(|listener| tokio::spawn(tcp::listen(Arc::clone(&hub), listener)));
    let site = ports.http.map(|listener| {
        let mut closing = hub.closing();
        let listener = PatientListener::new(listener, Arc::clone(&hub));
        let served = axum::serve(listener, site::router(Arc::clone(&hub), access))
            .with_graceful_shutdown(async move { drop(closing.wait_for(|closed| *closed).await) });
        tokio::spawn(served.into_future())
    });
    // The hub outlives this thread.
    let _ = closing.wait_for(|closed| *closed).await;
    lines.inspect(tokio::task::JoinHandle::abort);
    let within = farewell.lock().map_or(Duration::ZERO, |within| *within);
    let all_gone = async {
        if let Some(site) = site {
            drop(site.await);
        }
        while hub.readers() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Those that do not go are left.
    let _ = timeout(within, all_gone).await;
}
