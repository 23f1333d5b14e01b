import Glibc
import ServiceRuntime
import TestSupport
import Testing

@testable import Batch

@Test func `a file is put below an allowed folder and nowhere else`() throws {
    let folder = TemporaryFolder()
    let outside = TemporaryFolder()
    let folders = FileFolders(roots: [folder.path + "/files"])
    try TestFile.write("a,b\n", to: folder.path + "/source")
    let target = try #require(FileTarget(path: "out/deep/t-{date}-{run}-{x}.csv", done: ".done"))
    let now = try #require(Timestamp("2026-11-29T08:09:10.000Z"))
    let name = FileTarget.name(target.name, run: 7, now: now)
    #expect(name == "t-2026-11-29-7-{x}.csv")
    for _ in 0..<2 { try target.deliver(folder.path + "/source", named: name, folders) }
    let out = folder.path + "/files/out/deep"
    #expect(TestFile.names(in: out).sorted() == [name, name + ".done"])
    #expect(TestFile.text(out + "/" + name) == "a,b\n")

    // A link to elsewhere is not followed, neither as a folder nor as the file.
    #expect(symlink(outside.path, folder.path + "/files/link") == 0)
    for path in ["link/x.csv", "link/new/x.csv"] {
        let away = try #require(FileTarget(path: path, done: nil))
        #expect(throws: FormatError.self) {
            try away.deliver(folder.path + "/source", named: "x.csv", folders)
        }
    }
    #expect(TestFile.names(in: outside.path).isEmpty)
    try TestFile.write("kept", to: outside.path + "/kept")
    #expect(symlink(outside.path + "/kept", out + "/l.csv") == 0)
    try target.deliver(folder.path + "/source", named: "l.csv", folders)
    #expect(TestFile.text(outside.path + "/kept") == "kept")
    #expect(TestFile.text(out + "/l.csv") == "a,b\n")
    let absolute = try #require(FileTarget(path: outside.path + "/x.csv", done: nil))
    #expect(throws: FormatError.self) {
        try absolute.deliver(folder.path + "/source", named: "x.csv", folders)
    }
    for path in ["../x.csv", "a/../../x.csv", "x.csv", "a/", "a/.x", "a/b\\c"] {
        #expect(FileTarget(path: path, done: nil) == nil, "\(path)")
    }
}

@Test func `patterns match names`() {
    for (name, pattern, isMatch) in [
        ("prices-1.csv", "prices-*.csv", true), ("prices.csv", "prices-*.csv", false),
        ("a", "?", true), ("ab", "?", false), ("", "*", true), ("a.csv.csv", "*.csv", true),
        ("a.csv.bak", "*.csv", false), ("axbxc", "a*b*c", true),
    ] {
        #expect(FilePattern.matches(name, pattern) == isMatch, "\(name) \(pattern)")
    }
}

@Test func `a copy into a folder that is slow keeps no file of a run waiting`() async throws {
    let folder = TemporaryFolder()
    let files = try RunFiles(
        folder: folder.path + "/batch", exchange: FileFolders(roots: [folder.path + "/out"]),
        runtime: TestRuntime.make())
    let thread = ThreadExecutor(name: "others")
    let target = try #require(FileTarget(path: "far/x.csv", done: nil))
    let now = try #require(Timestamp("2026-11-29T08:09:10.000Z"))
    // A pipe is read until its writer ends.
    #expect(mkfifo(files.path("slow.csv"), 0o600) == 0)
    let copy = Task {
        try await files.deliver("slow.csv", to: target, run: 1, begun: now, on: thread)
    }
    var pipe: Int32 = -1
    try await eventually("the copy to wait for its file") {
        pipe = open(files.path("slow.csv"), O_WRONLY | O_NONBLOCK)
        return pipe >= 0
    }
    let other = try await files.open("other.csv", O_WRONLY | O_CREAT)
    try await files.write(Array("a".utf8), to: other, at: 0, "other.csv")
    await files.close(other)
    #expect(TestFile.text(files.path("other.csv")) == "a")
    #expect(write(pipe, "b", 1) == 1)
    close(pipe)
    try await copy.value
    #expect(TestFile.text(folder.path + "/out/far/x.csv") == "b")
    files.stop()
    thread.stop()
}
