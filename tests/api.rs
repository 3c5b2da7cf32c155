//! What the API does, one file for each noun or concern.

mod access;
