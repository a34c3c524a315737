//! The event contract held together: schemas, examples, types, decoder, and a judge that was written
//! from the contract alone.

#[cfg(test)]
mod asyncapi;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod fields;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod setting;
#[cfg(test)]
mod told;
