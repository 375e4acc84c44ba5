//! What the room does to a real daemon, with each compose of this machine. Where there is no daemon, or no `busybox` to
//! make an image from (`STAPEL_TEST_BUSYBOX` names one elsewhere), a line `left out: …` says so.

#[cfg(test)]
mod app;
#[cfg(test)]
mod images;
#[cfg(test)]
mod instances;
