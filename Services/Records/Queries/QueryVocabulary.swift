import Database

/// What a query may call; anything else would reach further, or not be the same elsewhere.
enum QueryVocabulary {
    static func of(_ dialect: Dialect) -> Set<String> { dialect.isSQLite ? sqlite : postgresql }

    private static let sqlite: Set<String> = [
        "abs", "avg", "ceil", "ceiling", "char", "coalesce", "count", "cume_dist", "current_date",
        "current_time", "current_timestamp", "date", "datetime", "dense_rank", "exp",
        "first_value", "floor", "group_concat", "hex", "ifnull", "iif", "instr", "json",
        "json_array", "json_array_length", "json_extract", "json_group_array",
        "json_group_object", "json_object", "json_quote", "json_type", "json_valid", "->", "->>",
        "julianday", "lag", "last_value", "lead", "length", "like", "ln", "log", "log10", "log2",
        "lower", "ltrim", "max", "min", "mod", "nth_value", "ntile", "nullif", "percent_rank",
        "pow", "power", "rank", "replace", "round", "row_number", "rtrim", "sign", "sqrt",
        "strftime", "substr", "substring", "sum", "time", "total", "trim", "trunc", "typeof",
        "unicode", "unixepoch", "upper",
    ]

    /// The server's, and ours of the same names (`PostgresFunctions.queries`). What makes a long
    /// value of short ones is ours, or missing: `repeat`, `lpad`, `concat`, `format`, `array_agg`,
    /// `json_agg`.
    private static let postgresql: Set<String> = [
        "abs", "age", "ascii", "avg", "bool_and", "bool_or", "btrim", "cbrt", "ceil", "ceiling",
        "char_length", "character_length", "chr", "corr", "count", "covar_pop", "covar_samp",
        "cume_dist", "date_bin", "date_part", "date_trunc", "degrees", "dense_rank", "div", "every",
        "exp", "extract", "first_value", "floor", "gcd", "in_range", "initcap", "instr",
        "isfinite", "json_array_elements", "json_array_elements_text", "json_array_length",
        "json_each", "json_extract", "json_group_array", "json_type", "json_typeof", "json_valid",
        "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length",
        "jsonb_typeof", "justify_days", "justify_hours", "justify_interval", "lag", "last_value",
        "lcm", "lead", "left", "length", "like_escape", "ln", "log", "log10", "lower", "ltrim",
        "make_date",
        "make_interval", "make_time", "make_timestamp", "max", "min", "min_scale", "mod", "mode",
        "now", "nth_value", "ntile", "octet_length", "percent_rank", "percentile_cont",
        "percentile_disc", "pi", "position", "pow", "power", "radians", "rank", "regr_avgx",
        "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "replace",
        "reverse", "right", "round", "row_number", "rtrim", "scale", "sign", "split_part", "sqrt",
        "starts_with", "stddev", "stddev_pop", "stddev_samp", "string_agg", "strpos", "substr",
        "substring", "sum", "timezone", "to_char", "to_date", "to_number", "to_timestamp",
        "translate", "trim_scale", "trunc", "typeof", "unicode", "upper", "var_pop", "var_samp",
        "variance", "width_bucket",
    ]
}
