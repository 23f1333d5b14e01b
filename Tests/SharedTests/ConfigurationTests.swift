import ServiceRuntime
import TestSupport
import Testing

private func reader(_ environment: [String: String]) -> ConfigurationReader {
    ConfigurationReader(service: "demo", environment: environment)
}

@Test func `settings are read with their defaults`() throws {
    let reader = reader([
        "DEMO_PORT": "9000", "DEMO_FAST": "on", "DEMO_WAIT": "5m", "DEMO_MODE": "b",
        "DEMO_EMPTY": "",
    ])
    #expect(reader.integer("DEMO_PORT", default: 8080, in: 0...65_535, help: "port") == 9000)
    #expect(reader.integer("DEMO_OTHER", default: 8080, in: 0...65_535, help: "port") == 8080)
    #expect(reader.flag("DEMO_FAST", default: false, help: "fast"))
    #expect(reader.duration("DEMO_WAIT", default: .seconds(1), help: "wait") == .seconds(300))
    #expect(reader.choice("DEMO_MODE", default: "a", of: ["a", "b"], help: "mode") == "b")
    #expect(reader.string("DEMO_EMPTY", default: "x", help: "empty is unset") == "x")
    #expect(reader.optionalString("DEMO_NONE", help: "none") == nil)
    try reader.finish()
}

@Test func `all problems are told at once, and never a secret`() throws {
    let reader = reader([
        "DEMO_PORT": "70000", "DEMO_FAST": "maybe", "DEMO_WAIT": "soon", "DEMO_MODE": "c",
        "DEMO_KEY": "hunter2", "DEMO_KEY_FILE": "/etc/hostname",
    ])
    _ = reader.integer("DEMO_PORT", default: 8080, in: 0...65_535, help: "port")
    _ = reader.flag("DEMO_FAST", default: false, help: "fast")
    _ = reader.duration("DEMO_WAIT", default: .seconds(1), help: "wait")
    _ = reader.choice("DEMO_MODE", default: "a", of: ["a", "b"], help: "mode")
    _ = reader.string("DEMO_KEY", default: nil, help: "key", secret: true)
    _ = reader.string("DEMO_NEEDED", default: nil, help: "needed")
    _ = reader.string("DEMO_NEEDED", default: nil, help: "needed")
    reader.problem("DEMO_A and DEMO_B exclude each other")
    let error = #expect(throws: ConfigurationError.self) { try reader.finish() }
    #expect(
        error?.problems == [
            "DEMO_PORT is “70000”; it must be a whole number from 0 to 65535",
            "DEMO_FAST is “maybe”; it must be on or off",
            "DEMO_WAIT is “soon”; it must be a duration such as 250ms, 30s, 5m, 2h or 3d",
            "DEMO_MODE is “c”; it must be one of a, b",
            "DEMO_KEY and DEMO_KEY_FILE are both set; set only one",
            "DEMO_NEEDED is required (DEMO_NEEDED or DEMO_NEEDED_FILE)",
            "DEMO_A and DEMO_B exclude each other",
        ])
    #expect(error?.description.contains("hunter2") == false)
}

@Test func `a secret comes from a file`() throws {
    let folder = TemporaryFolder()
    try Files.writeDurably(Array("swordfish\r\n".utf8), to: folder.path + "/key")
    try Files.writeDurably([0xFF], to: folder.path + "/bytes")
    try Files.writeDurably([], to: folder.path + "/empty")
    let good = reader(["DEMO_KEY_FILE": folder.path + "/key"])
    #expect(good.string("DEMO_KEY", default: nil, help: "", secret: true) == "swordfish")
    try good.finish()
    for name in ["bytes", "empty", "absent"] {
        let bad = reader(["DEMO_KEY_FILE": folder.path + "/" + name])
        _ = bad.string("DEMO_KEY", default: nil, help: "", secret: true)
        #expect(bad.problems.count == 1)
        #expect(bad.problems.first?.hasPrefix("DEMO_KEY_FILE: ") == true)
    }
}

@Test func `help is a table with each setting once`() {
    let reader = reader([:])
    _ = reader.integer("DEMO_PORT", default: 8080, in: 0...65_535, help: "the port, 0 for any")
    _ = reader.integer("DEMO_PORT", default: 8080, in: 0...65_535, help: "the port, 0 for any")
    _ = reader.string("DEMO_KEY", default: nil, help: "signs calls", secret: true)
    _ = reader.flag("DEMO_FAST", default: true, help: "is fast")
    #expect(
        reader.helpTable() == """
            demo: settings are read from the environment; NAME_FILE reads NAME from a file.

            SETTING    VALUE    DEFAULT   MEANING
            DEMO_FAST  on|off   on        is fast
            DEMO_KEY   secret   required  signs calls
            DEMO_PORT  0…65535  8080      the port, 0 for any

            """)
}

@Test func `files are written, listed, moved and removed`() throws {
    let folder = TemporaryFolder()
    let deep = folder.path + "/a/b/c"
    try Files.makeFolder(deep)
    try Files.makeFolder(deep)
    try Files.writeDurably(Array("one".utf8), to: deep + "/two")
    try Files.writeDurably(Array("three".utf8), to: deep + "/two")
    try Files.writeDurably([], to: deep + "/a")
    #expect(try Files.list(deep) == ["a", "two"])
    #expect(try Files.read(deep + "/two") == Array("three".utf8))
    try Files.rename(deep + "/two", to: folder.path + "/moved")
    #expect(Files.exists(folder.path + "/moved") && !Files.exists(deep + "/two"))
    #expect(Files.status(folder.path + "/moved")?.size == 5)
    #expect(Files.status(deep)?.isFolder == true)
    try Files.remove(deep + "/a")
    try Files.remove(deep + "/a")
    try Files.remove(deep)
    #expect(!Files.exists(deep))
}

@Test func `a file that cannot be used says why`() throws {
    let folder = TemporaryFolder()
    let error = #expect(throws: FileError.self) { try Files.read(folder.path + "/none") }
    #expect(error?.description == "cannot read \(folder.path)/none: No such file or directory")
    try Files.writeDurably(Array(repeating: 1, count: 100), to: folder.path + "/large")
    #expect(throws: FileError.self) { try Files.read(folder.path + "/large", limit: 99) }
    #expect(try Files.read(folder.path + "/large", limit: 100).count == 100)
    #expect(throws: FileError.self) { try Files.makeFolder(folder.path + "/large/below") }
    #expect(throws: FileError.self) { try Files.list(folder.path + "/none") }
    #expect(throws: FileError.self) {
        try Files.writeDurably([], to: folder.path + "/none/file")
    }
    #expect(try Files.list(folder.path) == ["large"])
}
