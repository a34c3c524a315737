//! What `deploy/` ships for containers, Kubernetes and systemd, judged by the programs that know such files; and the
//! parts of the stack started together without containers. Image, chart and unit are not run here: that takes a container
//! runtime, a cluster, a booted systemd.

mod chart;
mod image;
mod judges;
mod packages;
mod stack;
mod together;
mod unit;
