//! What people see, by the words and roles that they (and their screen readers) find it by.
