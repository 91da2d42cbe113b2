import Files
import Glibc
import TestSupport
import Testing

@Suite struct TransferTests {
    private let sandbox: Sandbox
    init() throws { sandbox = try Sandbox() }

    /// Another file system than the temporary folder's, where there is one that can be written to.
    static let isShmElsewhere: Bool = {
        guard let shm = try? Folder.open("/dev/shm"), let tmp = try? Folder.open("/tmp"), access("/dev/shm", W_OK) == 0 else {
            return false
        }
        return (try? shm.status().device) != (try? tmp.status().device)
    }()

    @Test(.enabled(if: isShmElsewhere)) func betweenFileSystemsACopyIsVerifiedAndTheOriginalGoes() throws {
        let shm = try Folder.open("/dev/shm")
        let name = FileName(ours: "papilla-test-\(getpid())")
        defer { try? shm.removeTree(name) }
        let away = try shm.make(name)
        let (file, link) = (FileName(ours: "a.jpg"), FileName(ours: "link"))
        try sandbox.drop("a.jpg", "image")
        #expect(symlink("/etc/passwd", "\(sandbox.path)/inbox/link") == 0)
        #expect(try Transfer.move(file, from: sandbox.inbox, to: away, as: file))
        #expect(try Transfer.move(link, from: sandbox.inbox, to: away, as: link))
        #expect(try sandbox.inbox.isEmpty())
        #expect(try away.read(file, limit: 100) == Array("image".utf8))
        #expect(try away.status(link)?.kind == .link)
        #expect(try away.status(Transfer.draft) == nil)
        // Where nothing is left, nothing happens.
        #expect(try !Transfer.move(file, from: sandbox.inbox, to: away, as: file))
    }

    @Test func anotherFileOfTheNameIsNotReplaced() throws {
        let name = FileName(ours: "a.jpg")
        try sandbox.drop("a.jpg", "one")
        try sandbox.spool.write(Array("other".utf8), as: name)
        #expect(try !Transfer.move(name, from: sandbox.inbox, to: sandbox.spool, as: name))
        #expect(try sandbox.inbox.read(name, limit: 9) == Array("one".utf8))
    }

    @Test func modesDoNotDependOnTheUmask() throws {
        let mask = umask(0)
        defer { umask(mask) }
        let folder = try sandbox.spool.make(FileName(ours: "f"))
        try folder.write([1], as: FileName(ours: "x"))
        var status = stat()
        #expect(stat("\(sandbox.path)/spool/f", &status) == 0 && status.st_mode & 0o7777 == 0o750)
        #expect(stat("\(sandbox.path)/spool/f/x", &status) == 0 && status.st_mode & 0o7777 == 0o640)
    }

    @Test func noLinkIsFollowed() throws {
        #expect(symlink("/etc", "\(sandbox.path)/inbox/etc") == 0)
        #expect(symlink("/etc/passwd", "\(sandbox.path)/inbox/passwd") == 0)
        #expect(throws: FileError.self) { try sandbox.inbox.folder(FileName(ours: "etc")) }
        #expect(throws: FileError.self) { try sandbox.inbox.read(FileName(ours: "passwd"), limit: 1 << 20) }
        #expect(throws: FileError.self) { try Folder.open("\(sandbox.path)").folder(RelativePath(escaped: "inbox/etc/ssl")) }
    }
}
