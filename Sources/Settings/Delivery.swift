extension Configuration {
    /// A target that results are carried to.
    public struct Delivery: Sendable, Equatable {
        /// The file of a bundle that a folder is given.
        public enum Content: String, Sendable, CaseIterable {
            /// `report.json`
            case report
            /// `result.hl7`
            case hl7
            /// `fhir.json`
            case fhir
        }

        /// An archive that stores DICOM objects.
        public struct Archive: Sendable, Equatable {
            /// A name or an address.
            public var host: String
            /// Its port.
            public var port: Int
            /// Its application entity title.
            public var title: String
            /// Ours.
            public var calling: String
            /// Whether it is asked for each object that it said to have stored.
            public var asks: Bool

            package init(host: String, port: Int = 104, title: String, calling: String = "PAPILLA", asks: Bool = false) {
                self.host = host
                self.port = port
                self.title = title
                self.calling = calling
                self.asks = asks
            }
        }

        /// Where results go.
        public enum Destination: Sendable, Equatable {
            /// Into a folder, by an absolute path, a file a result.
            case folder(String, Content)
            /// To an archive, all DICOM objects of a bundle.
            case archive(Archive)
        }

        /// What the ledger, status and metrics call it.
        public var name: String
        /// Where results go.
        public var destination: Destination
        /// Whether it is given results of nobody known.
        public var withoutIdentity: Bool
        /// How long after it became due a result is given up; nil: never.
        public var giveUp: Duration?

        /// The time for which a target is tried unless another is given.
        public static let patience = Duration.seconds(7 * 86400)

        package init(name: String, folder: String, content: Content = .report, withoutIdentity: Bool = false) {
            self.init(name: name, to: .folder(folder, content), withoutIdentity: withoutIdentity)
        }

        package init(
            name: String, to destination: Destination, withoutIdentity: Bool = false, giveUp: Duration? = Self.patience
        ) {
            self.name = name
            self.destination = destination
            self.withoutIdentity = withoutIdentity
            self.giveUp = giveUp
        }

        /// The folder's path; nil for an archive.
        public var folder: String? { if case .folder(let path, _) = destination { path } else { nil } }
    }
}
