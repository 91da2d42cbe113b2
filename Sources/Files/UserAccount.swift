internal import Glibc

/// A user of the system, as it knows one now.
package enum UserAccount {
    /// A user as the audit names one: `user@uid`.
    package static func actor(_ uid: UInt32) -> String { "\(login(uid) ?? "uid")@\(uid)" }

    /// The group that a user's processes have first; nil for no user.
    package static func firstGroup(of user: String) -> UInt32? {
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 16384)
        var result: UnsafeMutablePointer<passwd>?
        getpwnam_r(user, &entry, &buffer, buffer.count, &result)
        return result?.pointee.pw_gid
    }

    /// A user's login name; nil where the number has none.
    package static func login(_ uid: UInt32) -> String? {
        var entry = passwd()
        var buffer = [CChar](repeating: 0, count: 16384)
        var result: UnsafeMutablePointer<passwd>?
        getpwuid_r(uid, &entry, &buffer, buffer.count, &result)
        return result.map { String(cString: $0.pointee.pw_name) }
    }
}

/// A group of the system, as it is now.
package struct UserGroup {
    package let number: UInt32
    /// The users that the group lists; those whose first group it is are not among them.
    package let members: [String]

    /// Nil where there is no such group.
    package init?(_ name: String) {
        var entry = group()
        var buffer = [CChar](repeating: 0, count: 65536)
        var result: UnsafeMutablePointer<group>?
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &result) == 0, let found = result?.pointee else { return nil }
        number = found.gr_gid
        var (members, next) = ([String](), found.gr_mem)
        while let name = next?.pointee {
            members.append(String(cString: name))
            next = next?.advanced(by: 1)
        }
        self.members = members
    }
}

/// The person who runs the program, as the audit names people: `user@uid`.
public enum CurrentUser {
    /// The effective user.
    public static var name: String { UserAccount.actor(geteuid()) }

    /// Whether nothing is forbidden to the program.
    package static var isRoot: Bool { geteuid() == 0 }
}
