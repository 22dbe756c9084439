using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart;
using Of = HealthChain.FhirServer.Server.Setting<HealthChain.FhirServer.Server.ServerOptions>;
using OfToken = HealthChain.FhirServer.Server.Setting<HealthChain.FhirServer.Server.TokenOptions>;

namespace HealthChain.FhirServer.Server;

/// <summary>Everything that an operator may set, in the order of the help.</summary>
internal static class Settings
{
    public const string Section = "HealthChain";

    /// <summary>Configuration of the nth token.</summary>
    public const string TokenSection = "HealthChain:Tokens";

    public static IReadOnlyList<Of> All { get; } =
    [
        Of.Text("urls", "addresses to listen on, separated by semicolons", "a list of http or https addresses such as http://127.0.0.1:8080",
            o => o.Urls, (o, value) => o with { Urls = value }, AreAddresses),
        Of.Text("HealthChain:BaseUrl", "the FHIR base that clients see, when a proxy stands before the server", "an absolute http or https URL such as https://fhir.example.org/fhir",
            o => o.BaseUrl, (o, value) => o with { BaseUrl = value.TrimEnd('/') }, IsHttp),
        Of.Text("HealthChain:Data", "folder of the database, the blobs and the keys", "a folder",
            o => o.Data, (o, value) => o with { Data = value }),
        Of.Choice("HealthChain:Engine", "what keeps the resources", typeof(StoreEngine), o => (int)o.Engine, (o, value) => o with { Engine = (StoreEngine)value }),
        Of.Choice("HealthChain:Validation", "how much is checked before a resource is taken", typeof(ValidationLevel), o => (int)o.Validation, (o, value) => o with { Validation = (ValidationLevel)value }),
        Of.Flag("HealthChain:ClientIds", "whether PUT may create a resource under an id of the client's choice", o => o.ClientIds, (o, value) => o with { ClientIds = value }),
        Of.Flag("HealthChain:ClientAssignedIds", "whether that holds too for those from whom resources may be withheld, who learn by it which ids are taken (docs/consent.md)", o => o.ClientAssignedIds, (o, value) => o with { ClientAssignedIds = value }),
        Of.Flag("HealthChain:Development", "open access without login; works on loopback addresses only", o => o.Development, (o, value) => o with { Development = value }),
        Of.Seconds("HealthChain:Consent:BreakGlassLifetime", "how long somebody who broke the glass sees the patient's record", 30, 900, o => o.BreakGlassLifetime, (o, value) => o with { BreakGlassLifetime = value }),
        Of.Number("HealthChain:Consent:BreakGlassPerHour", "how often one requester may break the glass, or try to, within an hour", 1, 1_000, o => o.BreakGlassPerHour, (o, value) => o with { BreakGlassPerHour = value }),
        Of.Flag("HealthChain:AccessLog", "whether it is put on record who reads and writes what; can be switched off in development mode or on loopback addresses only", o => o.AccessLog, (o, value) => o with { AccessLog = value }),
        Of.Flag("HealthChain:Demo", "accounts with known passwords for trying things out, one for each role; works on loopback addresses only", o => o.Bootstrap.Demo, (o, value) => o with { Bootstrap = o.Bootstrap with { Demo = value } }),
        Of.Number("HealthChain:Sample", "sample patients to load when the store is empty; needs development mode", 0, 1_000_000, o => o.Sample, (o, value) => o with { Sample = value }),
        Of.Seconds("HealthChain:ShutdownTimeout", "how long running requests may take to end after the request to stop", 0, 3600, o => o.ShutdownTimeout, (o, value) => o with { ShutdownTimeout = value }),
        Of.Size("HealthChain:ReadyDisk", "free space on the disk below which /health/ready says no", 0, 1L << 50, o => o.ReadyDiskBytes, (o, value) => o with { ReadyDiskBytes = value }),
        Of.Choice("HealthChain:LogFormat", "how the log looks: lines for people or a JSON object per line", typeof(LogFormat), o => (int)o.LogFormat, (o, value) => o with { LogFormat = (LogFormat)value }),

        Of.Size("HealthChain:Limits:BodyBytes", "longest body of a request, except Binary", 1024, 255 << 20, o => o.Limits.BodyBytes, (o, value) => o with { Limits = o.Limits with { BodyBytes = value } }),
        Of.Number("HealthChain:Limits:BundleEntries", "most entries of a batch or transaction", 1, 1_000_000, o => o.Limits.BundleEntries, (o, value) => o with { Limits = o.Limits with { BundleEntries = value } }),
        Of.Number("HealthChain:Limits:ConditionalDeletes", "most resources that one conditional delete may delete; with 1, several matches are refused", 1, 1_000_000, o => o.Limits.ConditionalDeletes, (o, value) => o with { Limits = o.Limits with { ConditionalDeletes = value } }),
        Of.Number("HealthChain:Limits:Depth", "how deep the elements of a resource may nest", 8, 64, o => o.Limits.Reading.MaxDepth, (o, value) => o with { Limits = o.Limits with { Reading = o.Limits.Reading with { MaxDepth = value } } }),
        Of.Number("HealthChain:Limits:RequestsInFlight", "requests worked on at the same time; more get 503", 1, 1_000_000, o => o.Limits.RequestsInFlight, (o, value) => o with { Limits = o.Limits with { RequestsInFlight = value } }),
        Of.Number("HealthChain:Limits:ClientRequestsPerSecond", "requests of one client per second, over time; more get 429; 0 for no limit", 0, 1_000_000, o => o.Limits.ClientRequestsPerSecond, (o, value) => o with { Limits = o.Limits with { ClientRequestsPerSecond = value } }),
        Of.Number("HealthChain:Limits:ClientBurst", "requests that one client may send at once after a pause; 0 for twice the rate", 0, 1_000_000, o => o.Limits.ClientBurst, (o, value) => o with { Limits = o.Limits with { ClientBurst = value } }),
        Of.Number("HealthChain:Limits:DefaultCount", "resources on a page when _count is not given", 1, 10_000, o => o.Limits.Search.DefaultCount, (o, value) => o with { Limits = o.Limits with { Search = o.Limits.Search with { DefaultCount = value } } }),
        Of.Number("HealthChain:Limits:MaxCount", "highest _count; a higher one is lowered to it", 1, 10_000, o => o.Limits.Search.MaxCount, (o, value) => o with { Limits = o.Limits with { Search = o.Limits.Search with { MaxCount = value } } }),
        Of.Number("HealthChain:Limits:Includes", "_include and _revinclude parameters of one search", 0, 1_000, o => o.Limits.Search.MaxIncludes, (o, value) => o with { Limits = o.Limits with { Search = o.Limits.Search with { MaxIncludes = value } } }),
        Of.Number("HealthChain:Limits:Included", "included resources on one page", 0, 100_000, o => o.Limits.Search.MaxIncluded, (o, value) => o with { Limits = o.Limits with { Search = o.Limits.Search with { MaxIncluded = value } } }),
        Of.Number("HealthChain:Limits:ChainDepth", "steps of one chained parameter or _has", 1, 32, o => o.Limits.Search.MaxChainDepth, (o, value) => o with { Limits = o.Limits with { Search = o.Limits.Search with { MaxChainDepth = value } } }),

        Of.Text("HealthChain:Sqlite:Folder", "the database; relative to the data folder", "a folder", o => o.Sqlite.Folder, (o, value) => o with { Sqlite = o.Sqlite with { Folder = value } }),
        Of.Number("HealthChain:Sqlite:Readers", "connections for reading; 0 for two per processor, at least four", 0, 1024, o => o.SqliteReaders, (o, value) => o with { SqliteReaders = value }),
        Of.Size("HealthChain:Sqlite:ReaderCache", "page cache of each of them", 64 << 10, 1 << 30, o => o.Sqlite.ReaderCacheBytes, (o, value) => o with { Sqlite = o.Sqlite with { ReaderCacheBytes = (int)value } }),
        Of.Size("HealthChain:Sqlite:ReaderMap", "part of the file that each of them maps into memory; searches are fastest when it is all of it", 0, 1L << 40, o => o.Sqlite.ReaderMappedBytes, (o, value) => o with { Sqlite = o.Sqlite with { ReaderMappedBytes = value } }),
        Of.Size("HealthChain:Sqlite:WriterCache", "page cache of the writer", 1 << 20, 1 << 30, o => o.Sqlite.WriterCacheBytes, (o, value) => o with { Sqlite = o.Sqlite with { WriterCacheBytes = (int)value } }),
        Of.Number("HealthChain:Sqlite:GenerationRows", "index rows kept in memory before they are written in order, at about 42 bytes; more make writing faster and a start after a crash slower", 1_000, 10_000_000, o => o.Sqlite.GenerationRows, (o, value) => o with { Sqlite = o.Sqlite with { GenerationRows = value } }),
        Of.Size("HealthChain:Sqlite:HeadCache", "memory for what stands beside resources and decides searches, about 1 KB for an observation", 64 << 10, 1 << 30, o => o.Sqlite.HeadCacheBytes, (o, value) => o with { Sqlite = o.Sqlite with { HeadCacheBytes = (int)value } }),
        Of.Number("HealthChain:Sqlite:CachedSortValues", "texts to sort by that are kept in memory, at about 150 bytes", 16, 100_000_000, o => o.Sqlite.CachedSortValues, (o, value) => o with { Sqlite = o.Sqlite with { CachedSortValues = value } }),
        Of.Number("HealthChain:Sqlite:OpenedBySearch", "resources that one search may open to decide; beyond it is refused as too costly", 100, 100_000_000, o => o.Sqlite.MaxOpenedBySearch, (o, value) => o with { Sqlite = o.Sqlite with { MaxOpenedBySearch = value } }),
        Of.Number("HealthChain:Sqlite:Group", "most resources that one commit writes together", 1, 10_000, o => o.Sqlite.MaxGroup, (o, value) => o with { Sqlite = o.Sqlite with { MaxGroup = value } }),
        Of.Number("HealthChain:Sqlite:Queue", "most resources that wait for the writer; more get 503", 100, 1_000_000, o => o.Sqlite.MaxQueued, (o, value) => o with { Sqlite = o.Sqlite with { MaxQueued = value } }),
        Of.Size("HealthChain:Sqlite:CheckpointBytes", "size of the write-ahead log at which it is copied into the database", 1 << 20, 1L << 40, o => o.Sqlite.CheckpointBytes, (o, value) => o with { Sqlite = o.Sqlite with { CheckpointBytes = value } }),

        Of.Text("HealthChain:Keys:Folder", "the patients' secrets; relative to the data folder", "a folder", o => o.Keys.Folder, (o, value) => o with { Keys = o.Keys with { Folder = value } }),
        Of.Text("HealthChain:Keys:TenantKeyFolder", "the key that wraps them; relative to the data folder, but better on another medium", "a folder", o => o.Keys.TenantKeyFolder, (o, value) => o with { Keys = o.Keys with { TenantKeyFolder = value } }),
        Of.Number("HealthChain:Keys:CachedSubjects", "patients whose key is kept in memory, at about 2.5 KB", 1, 10_000_000, o => o.Keys.MaxCachedSubjects, (o, value) => o with { Keys = o.Keys with { MaxCachedSubjects = value } }),

        Of.Text("HealthChain:Blobs:Folder", "large contents; relative to the data folder", "a folder", o => o.Blobs.Folder, (o, value) => o with { Blobs = o.Blobs with { Folder = value } }),
        Of.Size("HealthChain:Blobs:MaxBytes", "longest Binary or attachment", 1024, 1L << 40, o => o.Blobs.MaxBytes, (o, value) => o with { Blobs = o.Blobs with { MaxBytes = value } }),
        Of.Size("HealthChain:Blobs:InlineBytes", "base64 data up to this length stays in its resource", 1024, 16 << 20, o => o.Blobs.InlineBytes, (o, value) => o with { Blobs = o.Blobs with { InlineBytes = (int)value } }),
        Of.Seconds("HealthChain:Blobs:SweepInterval", "time from one removal of contents that nothing refers to, to the next", 60, 86_400, o => o.SweepInterval, (o, value) => o with { SweepInterval = value }),

        .. LabelTable.All,

        .. LedgerTable.All,

        .. SubscriptionTable.All,

        Of.Text("HealthChain:Consent:Policy", "who may see the data of patients who consented to nothing (docs/consent.md)", "one of " + string.Join(", ", ConsentPolicy.Uris),
            o => o.ConsentPolicy, (o, value) => o with { ConsentPolicy = value }, value => ConsentPolicy.Find(value) is not null),

        .. SmartTable.All,
        Of.Text("HealthChain:Smart:PreRegistration", "organisations, users and clients to register at each start", "a JSON file that is there",
            o => o.Bootstrap.PreRegistration, (o, value) => o with { Bootstrap = o.Bootstrap with { PreRegistration = value } }, File.Exists),

        Of.Text("HealthChain:Tls:Certificate", "certificate for https addresses, with its chain", "a PEM file, or a PKCS #12 file (.pfx, .p12) with the key",
            o => o.Tls.Certificate, (o, value) => o with { Tls = o.Tls with { Certificate = value } }, File.Exists),
        Of.Text("HealthChain:Tls:Key", "its private key", "a PEM file", o => o.Tls.Key, (o, value) => o with { Tls = o.Tls with { Key = value } }, File.Exists),
        Of.Text("HealthChain:Tls:Password", "opens an encrypted key", "text", o => o.Tls.Password, (o, value) => o with { Tls = o.Tls with { Password = value } }) with { IsSecret = true },

        Of.Text("HealthChain:Telemetry:Endpoint", "OpenTelemetry collector for metrics and traces; nothing is measured without one", "an absolute http or https URL such as http://127.0.0.1:4317",
            o => o.Telemetry.Endpoint?.ToString(), (o, value) => o with { Telemetry = o.Telemetry with { Endpoint = new Uri(value) } }, IsHttp),
        Of.Choice("HealthChain:Telemetry:Transport", "OTLP over gRPC or over HTTP", typeof(OtlpTransport), o => (int)o.Telemetry.Transport, (o, value) => o with { Telemetry = o.Telemetry with { Transport = (OtlpTransport)value } }),
        Of.Number("HealthChain:Telemetry:TracePercent", "of 100 requests that do not say it themselves, how many are traced", 0, 100, o => o.Telemetry.TracePercent, (o, value) => o with { Telemetry = o.Telemetry with { TracePercent = value } }),
        Of.Seconds("HealthChain:Telemetry:MetricInterval", "time from one export of metrics to the next", 1, 3600, o => o.Telemetry.MetricInterval, (o, value) => o with { Telemetry = o.Telemetry with { MetricInterval = value } }),
    ];

    /// <summary>What is set for each token, <c>N</c> standing for its place from 0 on.</summary>
    public static IReadOnlyList<OfToken> OfTokens { get; } =
    [
        OfToken.Text("HealthChain:Tokens:N:Token", "what the client sends after 'Authorization: Bearer '", "16 or more letters, digits and -._~+/=",
            o => o.Token, (o, value) => o with { Token = value }, IsToken) with { IsSecret = true },
        OfToken.Text("HealthChain:Tokens:N:Name", "what metrics and access records call the client", "up to 64 letters, digits, dots and dashes",
            o => o.Name, (o, value) => o with { Name = value }, value => RequestTarget.IsId(value)),
        OfToken.Choice("HealthChain:Tokens:N:Role", "in which role it acts", typeof(Role), o => (int)(o.Role ?? default), (o, value) => o with { Role = (Role)value }),
        OfToken.Text("HealthChain:Tokens:N:FhirUser", "the person or organisation it acts for", "a reference such as Practitioner/7",
            o => o.FhirUser, (o, value) => o with { FhirUser = value }, IsReference),
        OfToken.Text("HealthChain:Tokens:N:Organisation", "the organisation on whose behalf it acts", "a reference such as Organization/1",
            o => o.Organisation, (o, value) => o with { Organisation = value }, IsReference),
        OfToken.Text("HealthChain:Tokens:N:Purpose", "what for: codes of PurposeOfUse, others with their system and a bar before them, separated by spaces", "a code such as TREAT or HPAYMT",
            o => o.Purpose, (o, value) => o with { Purpose = value }, PurposesOfUse.IsOne),
        OfToken.Flag("HealthChain:Tokens:N:MayBreakGlass", "whether a practitioner may break the glass, for a patient's safety", o => o.MayBreakGlass, (o, value) => o with { MayBreakGlass = value }),
        OfToken.Text("HealthChain:Tokens:N:Scopes", "SMART scopes, separated by spaces", "scopes such as user/*.rs",
            o => o.Scopes, (o, value) => o with { Scopes = value }),
    ];

    private static bool AreAddresses(string urls)
    {
        foreach (string address in urls.Split(';'))
        {
            // Kestrel also accepts http://*:8080 and http://+:8080, which are no URIs.
            if (!IsHttp(address.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal)))
            {
                return false;
            }
        }

        return true;
    }

    public static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);

    /// <summary>https://www.rfc-editor.org/rfc/rfc6750#section-2.1</summary>
    public static bool IsToken(string token) => token.Length >= 16 && token.All(letter => char.IsAsciiLetterOrDigit(letter) || "-._~+/=".Contains(letter, StringComparison.Ordinal));

    private static bool IsReference(string reference) => RequestTarget.Read(reference) is { Kind: TargetKind.Instance };
}
