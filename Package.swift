// swift-tools-version:6.2
import Foundation
import PackageDescription

/// Every Swift target: Swift 6 and strict imports.
let swift: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + (Context.environment["CI"] == nil ? [] : [.treatAllWarnings(as: .error)])
/// Targets that compute are optimised in debug builds too, so that tests on real pixels stay quick.
let computing = swift + [.unsafeFlags(["-O"], .when(configuration: .debug))]
/// Those that go through every pixel use AVX2: the engine, which comes before them, refuses a CPU without it.
let vectorised = computing + [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
/// C targets are always optimised: a debug build of the kernels or codecs is of no use to anyone.
let c: [CSetting] = [.unsafeFlags(["-O3", "-std=c11", "-Wall", "-Wextra", "-Werror"])]

let package = Package(
    name: "papilla",
    products: [.executable(name: "papilla", targets: ["papilla"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd"),
        .target(
            name: "CImageCodecs", cSettings: c,
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("lcms2")]),
        .target(name: "CKernels", cSettings: c, linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),
        .target(name: "Screening", dependencies: [.product(name: "Crypto", package: "swift-crypto")], swiftSettings: swift),
        .target(
            name: "Files",
            dependencies: ["CSpawn", "CSystemd", "Screening", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swift),
        .target(name: "OneDNN", dependencies: ["COneDNN", "Screening"], swiftSettings: computing),
        .target(name: "CMPI", cSettings: c),
        .target(name: "Neural", dependencies: ["CMPI", "OneDNN", "CKernels", "Screening"], swiftSettings: computing),
        .target(name: "Imaging", dependencies: ["CImageCodecs", "CCairo", "Screening"], swiftSettings: vectorised),
        .target(name: "CSpawn", cSettings: c),
        .target(name: "Dicom", dependencies: ["CSpawn", "Files", "Imaging", "Screening"], swiftSettings: computing),
        .target(name: "Exchange", dependencies: ["Screening"], swiftSettings: swift),
        .target(name: "Registry", dependencies: ["Files", "Neural", "Screening"], swiftSettings: swift),
        .target(name: "Reading", dependencies: ["Imaging", "Neural", "Registry", "Screening"], swiftSettings: computing),
        .target(name: "Phantoms", dependencies: ["Files", "Imaging", "Screening"], swiftSettings: computing),
        .target(name: "DataSets", dependencies: ["Files", "Imaging", "Screening"], swiftSettings: computing),
        .target(
            name: "Training",
            dependencies: ["Files", "DataSets", "Reading", "Phantoms", "Imaging", "Neural", "Registry", "Screening"],
            swiftSettings: computing),
        .target(
            name: "Ledger", dependencies: ["Screening", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: swift),
        .target(name: "LedgerSQL", dependencies: ["Ledger", "Screening"], swiftSettings: swift),
        .target(
            name: "LedgerSQLite",
            dependencies: ["LedgerSQL", "Ledger", "Screening", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: swift),
        .target(name: "CPostgres", cSettings: c),
        .target(
            name: "LedgerPostgreSQL", dependencies: ["CPostgres", "LedgerSQL", "LedgerSQLite", "Ledger", "Screening"],
            swiftSettings: swift),
        .target(
            name: "Journal", dependencies: ["CSystemd", "Screening", .product(name: "Logging", package: "swift-log")],
            swiftSettings: swift),
        .target(
            name: "Settings",
            dependencies: ["Dicom", "Exchange", "Reading", "Registry", "Imaging", "Files", "Screening", "Yams"],
            swiftSettings: swift),
        .target(
            name: "Intake",
            dependencies: [
                "Settings", "Imaging", "Files", "Screening", .product(name: "HeapModule", package: "swift-collections"),
            ], swiftSettings: swift),
        .target(
            name: "Custody",
            dependencies: [
                "Intake", "Settings", "Journal", "Ledger", "Reading", "Files", "Screening",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift),
        .target(
            name: "Deliveries", dependencies: ["CSpawn", "Custody", "Dicom", "Ledger", "Settings", "Files", "Screening"],
            swiftSettings: swift),
        .target(
            name: "Control",
            dependencies: [
                "Journal", "Ledger", "Registry", "Files", "Screening", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: swift),
        .target(name: "Trends", dependencies: ["Ledger", "Registry", "Screening"], swiftSettings: swift),
        .target(
            name: "Service",
            dependencies: [
                "Control", "Deliveries", "Custody", "Trends", "Intake", "Settings", "Journal", "DataSets", "Dicom", "Reading",
                "Ledger",
                "LedgerPostgreSQL", "LedgerSQLite", "Imaging",
                "Neural",
                "Registry", "Files", "Screening",
                .product(name: "Crypto", package: "swift-crypto"), .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: swift),
        .target(
            name: "Review",
            dependencies: [
                "Files", "DataSets", "Ledger", "Trends", "Reading", "Registry", "Imaging", "Screening",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.embedInCode("Page/Assets")], swiftSettings: swift),
        .target(
            name: "Retraining",
            dependencies: [
                "Files", "Training", "Review", "DataSets", "Ledger", "Neural", "Phantoms", "Reading", "Registry", "Imaging",
                "Screening",
            ], swiftSettings: swift),
        .executableTarget(
            name: "papilla",
            dependencies: [
                "Retraining", "Review", "Service", "Control", "Deliveries", "Custody", "Trends", "Intake", "Settings", "Journal",
                "Training",
                "DataSets",
                "Dicom", "Phantoms", "Reading", "Registry", "Ledger", "Neural", "Imaging", "Files", "Screening",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        // What builds sites, models, data sets and runs the program, for all tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "Service", "Custody", "Settings", "Review", "Ledger", "LedgerPostgreSQL", "LedgerSQL", "LedgerSQLite", "Reading",
                "DataSets", "Registry", "Neural",
                "Imaging",
                "Files", "Screening", .product(name: "Logging", package: "swift-log"),
            ], path: "Tests/TestSupport", swiftSettings: swift),
        .testTarget(name: "ScreeningTests", dependencies: ["TestSupport", "Screening"], swiftSettings: swift),
        .testTarget(name: "FilesTests", dependencies: ["TestSupport", "Files", "Intake"], swiftSettings: swift),
        .testTarget(
            name: "NeuralTests", dependencies: ["TestSupport", "Neural", "OneDNN", "CKernels", "CMPI", "Screening"],
            exclude: ["Fixtures"], swiftSettings: computing),
        .testTarget(
            name: "ImagingTests", dependencies: ["TestSupport", "Imaging", "Screening"], exclude: ["Fixtures"],
            swiftSettings: swift),
        .testTarget(
            name: "DicomTests",
            dependencies: [
                "TestSupport", "papilla", "Dicom", "Settings", "Reading", "Registry", "Phantoms", "Imaging", "Files", "Screening",
            ], swiftSettings: swift),
        .testTarget(
            name: "ExchangeTests", dependencies: ["TestSupport", "Exchange", "Screening"], exclude: ["Fixtures"],
            swiftSettings: swift),
        .testTarget(
            name: "RegistryTests", dependencies: ["TestSupport", "Registry", "Neural", "Screening"], swiftSettings: swift),
        .testTarget(
            name: "ReadingTests",
            dependencies: ["TestSupport", "Reading", "Phantoms", "Imaging", "Registry", "Neural", "Screening"],
            exclude: ["Fixtures"], swiftSettings: computing),
        .testTarget(
            name: "PhantomsTests", dependencies: ["TestSupport", "Phantoms", "Imaging", "Screening"], swiftSettings: swift),
        .testTarget(
            name: "DataSetsTests", dependencies: ["TestSupport", "DataSets", "Imaging", "Screening"], swiftSettings: swift),
        .testTarget(
            name: "TrainingTests",
            dependencies: [
                "TestSupport", "Training", "DataSets", "Phantoms", "Reading", "Registry", "Neural", "Imaging", "Screening",
            ], exclude: ["Fixtures"], swiftSettings: swift),
        .testTarget(
            name: "LedgerTests", dependencies: ["TestSupport", "Ledger", "Screening"], swiftSettings: swift),
        .testTarget(
            name: "LedgerContractTests", dependencies: ["TestSupport", "Ledger", "LedgerSQL", "LedgerSQLite", "Screening"],
            swiftSettings: swift),
        .testTarget(
            name: "LedgerSQLiteTests",
            dependencies: [
                "TestSupport", "Ledger", "LedgerSQL", "LedgerSQLite", "Screening", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"], swiftSettings: swift),
        .testTarget(
            name: "LedgerPostgreSQLTests",
            dependencies: ["TestSupport", "Ledger", "LedgerPostgreSQL", "LedgerSQL", "LedgerSQLite", "Screening"],
            swiftSettings: swift),
        .testTarget(
            name: "SettingsTests", dependencies: ["TestSupport", "Settings", "Reading", "Imaging", "Screening"],
            swiftSettings: swift),
        .testTarget(
            name: "IntakeTests", dependencies: ["TestSupport", "Intake", "Settings", "Imaging", "Files", "Screening"],
            swiftSettings: swift),
        .testTarget(
            name: "CustodyTests",
            dependencies: [
                "TestSupport", "Service", "Custody", "Settings", "Ledger", "LedgerSQL", "LedgerSQLite", "Reading", "Files",
                "Screening",
            ],
            swiftSettings: swift),
        .testTarget(
            name: "ControlTests", dependencies: ["TestSupport", "Service", "Control", "Ledger", "Files", "Screening"],
            swiftSettings: swift),
        .testTarget(
            name: "DeliveriesTests", dependencies: ["TestSupport", "Deliveries", "Screening"], swiftSettings: swift),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "TestSupport", "Service", "Control", "Deliveries", "Custody", "Intake", "Settings", "Journal", "Ledger",
                "LedgerSQL", "LedgerSQLite", "Dicom", "Reading",
                "Registry", "Neural", "Imaging", "Files", "Screening", .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: swift),
        .testTarget(
            name: "ReviewTests",
            dependencies: [
                "TestSupport", "Review", "Trends", "Ledger", "LedgerSQL", "LedgerSQLite", "Registry", "Neural", "Imaging",
                "Screening",
            ],
            swiftSettings: swift),
        .testTarget(name: "TrendsTests", dependencies: ["TestSupport", "Trends", "Ledger", "Screening"], swiftSettings: swift),
        .testTarget(
            name: "RetrainingTests",
            dependencies: [
                "TestSupport", "Retraining", "Review", "Training", "Ledger", "LedgerSQL", "LedgerSQLite", "DataSets", "Registry",
                "Imaging",
                "Screening",
            ], swiftSettings: swift),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: swift),
        .testTarget(
            name: "EndToEndTests", dependencies: ["TestSupport", "papilla", "Dicom", "Imaging", "Neural", "Screening"],
            swiftSettings: swift),
    ]
)

// The program that reads DICOM files is C++ on DCMTK and OpenJPEG. Nothing else links them, and where their headers are not installed
// (Deploy/packages.sh does it) the rest is built without it: Papilla then refuses DICOM files and says what is missing.
// SwiftPM remembers what this file said: after installing them, run `swift package purge-cache` once.
let headers = ["/usr/include/dcmtk/dcmdata/dctk.h", "/usr/include/openjpeg-2.5/openjpeg.h"]
if headers.allSatisfy(FileManager.default.fileExists) {
    package.products.append(.executable(name: "papilla-dicom", targets: ["CDicom"]))
    package.targets.append(
        .executableTarget(
            name: "CDicom",
            cxxSettings: [
                .unsafeFlags(["-O2", "-std=c++17", "-Wall", "-Wextra", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"])
            ],
            linkerSettings: [
                "dcmimage", "dcmimgle", "dcmjpeg", "dcmjpls", "dcmdata", "oflog", "ofstd", "openjp2",
            ].map { .linkedLibrary($0) }))
}

// The fuzzers are built by Tests/Fuzzing/run alone: they need a main of their own kind, and sanitizers in everything.
if Context.environment["PAPILLA_FUZZING"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzzers",
            dependencies: [
                "Dicom", "Imaging", "Neural", "Reading", "Registry", "Settings", "Control", "Intake", "Files", "Screening",
            ],
            path: "Tests/Fuzzing",
            exclude: ["Found", "run", "seeds"], swiftSettings: [.swiftLanguageMode(.v5)]))
}
