//! Schemas of types that are a JSON string on the wire.

macro_rules! written_as_text {
    ($name:ty, $description:expr) => {
        crate::openapi::written_as_text!($name, $description, None);
    };
    // The format is a word that JSON Schema knows, such as `uuid`.
    ($name:ty, $description:expr, format $format:literal) => {
        crate::openapi::written_as_text!(
            $name,
            $description,
            Some(utoipa::openapi::SchemaFormat::Custom($format.to_owned()))
        );
    };
    ($name:ty, $description:expr, $format:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($description))
                    .format($format)
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use written_as_text;
