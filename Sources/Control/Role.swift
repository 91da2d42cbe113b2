internal import Files
internal import Glibc

/// What somebody may have the service do. Each may do what those before may.
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
    package init(uid: UInt32, groups: Set<UInt32>) {
        if uid == 0 || uid == geteuid() {
            self = .administrator
        } else {
            self = Self.allCases.last { role in UserGroup(role.group).map { groups.contains($0.number) } ?? false } ?? .member
        }
    }

    /// By what they allow.
    public static func < (a: Role, b: Role) -> Bool { a.rawValue < b.rawValue }
}
