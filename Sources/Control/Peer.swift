internal import Files
internal import Glibc
public import Screening

/// The process at the other end of a connection, as the kernel knows it.
public struct Peer: Sendable, Hashable {
    /// The user's number.
    public let uid: UInt32
    /// The login name; `uid7` where the number has none.
    public let user: String
    /// What they may have done.
    public let role: Role

    package init(uid: UInt32, user: String, role: Role) {
        self.uid = uid
        self.user = user
        self.role = role
    }

    package init(uid: UInt32, groups: Set<UInt32>, service: UInt32 = geteuid()) {
        self.init(
            uid: uid, user: UserAccount.login(uid) ?? "uid\(uid)", role: Role(uid: uid, groups: groups, service: service))
    }

    /// Who is at the other end of a connected socket; nil where the kernel does not say.
    package init?(of descriptor: Int32) {
        // struct ucred of unix(7): pid, uid, gid.
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
        // SO_PEERGROUPS of socket(7), which Glibc's module leaves out: as many groups as the kernel allows (NGROUPS_MAX).
        var groups = [UInt32](repeating: 0, count: 65536)
        size = socklen_t(groups.count * MemoryLayout<UInt32>.size)
        let known = getsockopt(descriptor, SOL_SOCKET, 59, &groups, &size) == 0 ? Int(size) / MemoryLayout<UInt32>.size : 0
        self.init(uid: credentials.uid, groups: Set(groups.prefix(known)).union([credentials.gid]))
    }

    /// This process, as the service behind a socket would see it: whose the socket is, that is the service's user.
    public static func own(at socket: String) -> Peer {
        var groups = [UInt32](repeating: 0, count: 65536)
        let known = max(0, Int(getgroups(Int32(groups.count), &groups)))
        let service = (try? NamedPath.owner(of: socket)) ?? geteuid()
        return Peer(uid: geteuid(), groups: Set(groups.prefix(known)).union([getegid()]), service: service)
    }

    /// As the audit names them: `user@uid`.
    public var actor: String { UserAccount.actor(uid) }

    /// The name under which they decide.
    ///
    /// - Parameters:
    ///   - asked: the name that they gave; nil for their own.
    ///   - readers: `readers` of the configuration: names by login name.
    /// - Throws: `refused` where it is another's and they are no administrator.
    public func reader(_ asked: String?, _ readers: [String: String]) throws(PapillaError) -> String {
        let own = readers[user] ?? user
        guard let asked, asked != own else { return own }
        guard role == .administrator else {
            throw PapillaError(
                .refused, "A decision carries the name of who makes it, and this user's name is another", place: own,
                hint: "Leave --reader out. Root and members of \(Role.administrator.group) may give any name")
        }
        return asked
    }

    /// Refuses what they may not have done.
    package func check(_ needed: Role) throws(PapillaError) {
        guard role < needed else { return }
        throw PapillaError(
            .refused, "Only members of the group \(needed.group) may do this", place: actor,
            hint: "An administrator adds a user with: usermod -aG \(needed.group) USER. It counts from the next login")
    }
}

/// The rights of a person at the socket, each with those before it.
public enum Role: Int, Sendable, Hashable, Comparable, CaseIterable, Codable {
    /// Drops files, asks, and has failed ones read again: whoever may reach the socket, that is, the group `papilla`.
    case member
    /// Decides on screenings, under their own name: the group `papilla-readers`.
    case reader
    /// Forgets, promotes, rolls back, and decides under any name: root, the service's own user, the group `papilla-admin`.
    case administrator

    /// The group whose members have the role.
    public var group: String {
        switch self {
        case .member: "papilla"
        case .reader: "papilla-readers"
        case .administrator: "papilla-admin"
        }
    }

    /// The role of a user with these groups, by their numbers.
    package init(uid: UInt32, groups: Set<UInt32>, service: UInt32 = geteuid()) {
        if uid == 0 || uid == service {
            self = .administrator
        } else {
            self = Self.allCases.last { role in UserGroup(role.group).map { groups.contains($0.number) } ?? false } ?? .member
        }
    }

    /// By what they allow.
    public static func < (a: Role, b: Role) -> Bool { a.rawValue < b.rawValue }
}
