// swift-tools-version: 6.2
import PackageDescription

// The module graph of ARCHITECTURE.md. Each target may import only what it names here, which
// `--explicit-target-dependency-import-check error` enforces. There are no package dependencies.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target under `Shared/`.
func shared(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", swiftSettings: settings)
}

let runtime: [Target.Dependency] = ["ServiceRuntime", "JSON"]
let foundations: [Target.Dependency] =
    runtime + ["Crypto", "Database", "HTTP", "RPC", "Contracts", "Incidents"]

/// A service: a library, and a thin executable over it in `Main/`.
func service(
    _ name: String, extra: [Target.Dependency] = [], exclude: [String] = []
) -> [Target] {
    [
        .target(
            name: name, dependencies: foundations + extra, path: "Services/\(name)",
            exclude: ["Main", "README.md"] + exclude, swiftSettings: settings),
        .executableTarget(
            name: "\(name)Main", dependencies: [.target(name: name), "Traces"],
            path: "Services/\(name)/Main", swiftSettings: settings),
    ]
}

let services: [Target.Dependency] = ["Gateway", "Records", "Mail", "Workflow", "Batch"]

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)",
        swiftSettings: settings)
}

let systemLibraries: [Target] = [
    .systemLibrary(name: "CSQLite", path: "Shared/CSQLite", pkgConfig: "sqlite3"),
    .systemLibrary(name: "CCurl", path: "Shared/CCurl", pkgConfig: "libcurl"),
    .systemLibrary(name: "CCrypto", path: "Shared/CCrypto", pkgConfig: "libcrypto"),
    .systemLibrary(name: "CZlib", path: "Shared/CZlib", pkgConfig: "zlib"),
    .systemLibrary(
        name: "CJavaScriptCore", path: "Shared/CJavaScriptCore",
        pkgConfig: "javascriptcoregtk-4.1"),
    // Named only where their traits are on; without them nobody needs these libraries.
    .systemLibrary(name: "CPostgres", path: "Shared/CPostgres", pkgConfig: "libpq"),
    .systemLibrary(name: "CODBC", path: "Shared/CODBC", pkgConfig: "odbc"),
    .target(name: "CLinux", path: "Shared/CLinux"),
]

let postgres = Target.Dependency.target(
    name: "CPostgres", condition: .when(traits: ["PostgreSQL"]))
let odbc = Target.Dependency.target(name: "CODBC", condition: .when(traits: ["ODBC"]))

let sharedLibraries: [Target] = [
    shared("ServiceRuntime", ["CLinux"]),
    shared("JSON", ["ServiceRuntime"]),
    shared("XML"),
    shared("Crypto", ["ServiceRuntime", "CCrypto"]),
    shared("Database", runtime + ["CLinux", "Crypto", "CSQLite", postgres]),
    // Empty without its trait.
    shared("ODBC", runtime + ["Database", odbc]),
    shared("Curl", runtime + ["CCurl", "CLinux", "Crypto", "XML"]),
    // What an executable has beside its service.
    shared("Traces", runtime + ["Curl"]),
    shared("HTTP", runtime + ["CLinux", "CZlib"]),
    shared("RPC", runtime + ["Crypto", "HTTP"]),
    shared("Contracts", runtime + ["HTTP", "RPC"]),
    shared("Incidents", runtime + ["Database", "HTTP", "RPC", "Contracts"]),
]

let serviceTargets: [Target] =
    service("Gateway") + service("Records", extra: ["Curl"])
    + service("Mail", extra: ["Curl", "XML"])
    + service("Workflow", extra: ["CLinux", "Curl"], exclude: ["ScriptHost", "DEFINITIONS.md"])
    + service("Batch", extra: ["Curl", "CZlib", "ODBC", "XML"])
    + [
        .executableTarget(
            name: "ScriptHostMain", dependencies: ["CJavaScriptCore", "CLinux"],
            path: "Services/Workflow/ScriptHost", swiftSettings: settings),
        .executableTarget(
            name: "AllInOneMain", dependencies: services + foundations + ["Traces"],
            path: "compose/AllInOne", swiftSettings: settings),
    ]

let testTargets: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: services + foundations + ["Curl", "CLinux"], path: "Tests/Support",
        swiftSettings: settings),
    tests("SharedTests", foundations + ["Curl", "CLinux", "Traces", "XML"]),
    tests("GatewayTests", foundations + ["Gateway"]),
    tests("RecordsTests", foundations + ["Curl", "Records"]),
    tests("MailTests", foundations + ["Mail", "Curl", "XML"]),
    tests("WorkflowTests", foundations + ["Workflow", "Curl"]),
    tests("BatchTests", foundations + ["Batch", "Records", "Curl", "CZlib", "ODBC", "XML"]),
    tests("EndToEndTests", services + foundations),
    tests("Browser", foundations),
    tests("SimulationTests", services + foundations),
    tests("TidyTests", services + foundations),
    .executableTarget(
        name: "runtime-child", dependencies: ["ServiceRuntime"], path: "Tests/RuntimeChild",
        swiftSettings: settings),
    .executableTarget(
        name: "database-child", dependencies: ["Database", "ServiceRuntime"],
        path: "Tests/DatabaseChild", swiftSettings: settings),
    .executableTarget(
        name: "Benchmarks", dependencies: foundations + ["Batch", "Mail", "TestSupport"],
        path: "Tests/Benchmarks",
        swiftSettings: settings),
]

// Built by `Scripts/fuzz` alone: everything it links is instrumented.
let fuzzers: [Target] =
    Context.environment["GEARTRAIN_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "fuzz", dependencies: ["Batch", "Mail", "ServiceRuntime"], path: "Tests/Fuzz",
            exclude: ["Seeds"],
            swiftSettings: settings)
    ]

let package = Package(
    name: "Geartrain",
    products: [
        .executable(name: "gateway", targets: ["GatewayMain"]),
        .executable(name: "records", targets: ["RecordsMain"]),
        .executable(name: "mail", targets: ["MailMain"]),
        .executable(name: "workflow", targets: ["WorkflowMain"]),
        .executable(name: "batch", targets: ["BatchMain"]),
        .executable(name: "script-host", targets: ["ScriptHostMain"]),
        .executable(name: "geartrain", targets: ["AllInOneMain"]),
        .executable(name: "benchmarks", targets: ["Benchmarks"]),
    ],
    traits: [
        .trait(name: "PostgreSQL", description: "Synchronizes with PostgreSQL, by libpq."),
        .trait(
            name: "ODBC", description: "Synchronizes with any database that has an ODBC driver."),
    ],
    dependencies: [],
    targets: systemLibraries + sharedLibraries + serviceTargets + testTargets + fuzzers
)
