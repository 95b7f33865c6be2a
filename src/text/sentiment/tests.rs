//! Against the reference's own figures.

use super::*;
