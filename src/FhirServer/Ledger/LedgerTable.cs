using System.Globalization;
using HealthChain.FhirServer.Server;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Of = HealthChain.FhirServer.Server.Setting<HealthChain.FhirServer.Server.ServerOptions>;

namespace HealthChain.FhirServer.Ledger;

/// <summary>What an operator may set of the ledger; part of <see cref="Settings"/>.</summary>
internal static class LedgerTable
{
    private const string Prefix = "HealthChain:Ledger:";
    private const string Peers = "pairs 'vkey url', separated by semicolons";

    public static IReadOnlyList<Of> All { get; } =
    [
        Of.Flag(Prefix + "Enabled", "whether everything that is written becomes a leaf of the ledger; decided for ever at the first start", o => o.Ledger.IsEnabled, (o, value) => With(o, o.Ledger with { IsEnabled = value })),
        Of.Text(Prefix + "Origin", "name of the log, for ever the one of the first start", "a name such as hospital.example/ledger",
            o => o.Ledger.Origin, (o, value) => With(o, o.Ledger with { Origin = value }), text => Statement.IsOrigin(text) && !text.Contains('+', StringComparison.Ordinal)),
        Of.Text(Prefix + "Folder", "tiles, checkpoint, journals and keys; relative to the data folder", "a folder", o => o.Ledger.Folder, (o, value) => With(o, o.Ledger with { Folder = value })),
        Of.Text(Prefix + "KeyFile", "the key that signs checkpoints, made when it is not there; relative to the ledger's folder", "a file", o => o.Ledger.KeyFile, (o, value) => With(o, o.Ledger with { KeyFile = value })),
        Of.Flag(Prefix + "Public", "whether everybody may fetch checkpoint and tiles, which say nothing but how much is done here", o => o.Ledger.IsPublic, (o, value) => With(o, o.Ledger with { IsPublic = value })),
        Of.Number(Prefix + "RequestsPerSecond", "requests of one address below /ledger per second, over time; more get 429", 1, 1_000_000, o => o.Ledger.RequestsPerSecond, (o, value) => With(o, o.Ledger with { RequestsPerSecond = value })),
        Of.Seconds(Prefix + "CheckpointInterval", "least time between two checkpoints; 1 in development mode unless it is set", 1, 86_400,
            o => o.Ledger.CheckpointInterval ?? TimeSpan.FromSeconds(10), (o, value) => With(o, o.Ledger with { CheckpointInterval = value })),
        Of.Seconds(Prefix + "AnchorInterval", "least time between two anchors", 1, 604_800, o => o.Ledger.AnchorInterval, (o, value) => With(o, o.Ledger with { AnchorInterval = value })),
        Of.Text(Prefix + "FeePerDay", "what anchors of 24 hours may cost; without it no limit", "a whole number of wei",
            o => o.Ledger.FeePerDay?.ToString(CultureInfo.InvariantCulture), (o, value) => With(o, o.Ledger with { FeePerDay = UInt128.Parse(value, CultureInfo.InvariantCulture) }), text => UInt128.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _)),
        Of.Choice(Prefix + "Chain", "where heads of the log are anchored: nowhere, on a chain of this server's own, or on one that is configured", typeof(LedgerChain), o => (int)o.Ledger.Chain, (o, value) => With(o, o.Ledger with { Chain = (LedgerChain)value })),
        Of.Text(Prefix + "Witnesses", "who cosigns this log: keys, and the addresses below which add-checkpoint is", Peers,
            o => Show(o.Ledger.Witnesses), (o, value) => With(o, o.Ledger with { Witnesses = LedgerPeer.ReadAll(value)! }), text => LedgerPeer.ReadAll(text) is not null),
        Of.Number(Prefix + "WitnessesNeeded", "how many of them must have cosigned a checkpoint before it is published", 0, 32, o => o.Ledger.WitnessesNeeded, (o, value) => With(o, o.Ledger with { WitnessesNeeded = value })),
        Of.Text(Prefix + "WitnessFor", "the logs that this server cosigns, at /ledger/witness/add-checkpoint", "keys, separated by semicolons",
            o => string.Join("; ", o.Ledger.WitnessFor), (o, value) => With(o, o.Ledger with { WitnessFor = LedgerPeer.TryReadKeys(value, out IReadOnlyList<NoteVerifier>? keys) ? keys : [] }), text => LedgerPeer.TryReadKeys(text, out _)),
        Of.Text(Prefix + "Mirrors", "logs of which this server keeps a copy: keys, and the addresses below which checkpoint is", Peers,
            o => Show(o.Ledger.Mirrors), (o, value) => With(o, o.Ledger with { Mirrors = LedgerPeer.ReadAll(value)! }), text => LedgerPeer.ReadAll(text) is not null),
        Of.Seconds(Prefix + "MirrorInterval", "time from one look at a mirrored log to the next", 1, 86_400, o => o.Ledger.MirrorInterval, (o, value) => With(o, o.Ledger with { MirrorInterval = value })),

        Of.Text(Prefix + "Rpc:Url", "JSON-RPC of the chain", "an absolute http or https URL", o => o.Ledger.Rpc.Url?.ToString(), (o, value) => With(o, o.Ledger.Rpc with { Url = new Uri(value) }), Settings.IsHttp),
        Of.Number(Prefix + "Rpc:ChainId", "number of the chain", 0, int.MaxValue, o => o.Ledger.Rpc.ChainId, (o, value) => With(o, o.Ledger.Rpc with { ChainId = value })),
        Of.Text(Prefix + "Rpc:Contract", "the contract CheckpointAnchor", "an address such as 0x52908400098527886E0F7030069857D2E4169EE7", o => o.Ledger.Rpc.Contract, (o, value) => With(o, o.Ledger.Rpc with { Contract = value }), IsAddress),
        Of.Text(Prefix + "Rpc:KeyFile", "the sender's key: 64 hexadecimal digits, or a keystore", "a file that is there", o => o.Ledger.Rpc.KeyFile, (o, value) => With(o, o.Ledger.Rpc with { KeyFile = value }), File.Exists),
        Of.Text(Prefix + "Rpc:PasswordFile", "opens the keystore", "a file that is there", o => o.Ledger.Rpc.PasswordFile, (o, value) => With(o, o.Ledger.Rpc with { PasswordFile = value }), File.Exists),
        Of.Text(Prefix + "Rpc:Signer", "a signer that keeps the key in place of a key file", "an absolute http or https URL", o => o.Ledger.Rpc.Signer?.ToString(), (o, value) => With(o, o.Ledger.Rpc with { Signer = new Uri(value) }), Settings.IsHttp),
        Of.Text(Prefix + "Rpc:Account", "the signer's account", "an address", o => o.Ledger.Rpc.Account, (o, value) => With(o, o.Ledger.Rpc with { Account = value }), IsAddress),
        Of.Number(Prefix + "Rpc:MaxGwei", "highest price of a unit of gas, in gwei; above it anchors wait", 0, 1_000_000, o => o.Ledger.Rpc.MaxGwei, (o, value) => With(o, o.Ledger.Rpc with { MaxGwei = value })),
        Of.Number(Prefix + "Rpc:Confirmations", "blocks after which an anchor is final; 0 to take the chain's word for it", 0, 10_000, o => o.Ledger.Rpc.Confirmations, (o, value) => With(o, o.Ledger.Rpc with { Confirmations = value })),

        Of.Text(Prefix + "Registry:Contract", "the contract HealthRegistry on that chain, in which this server registers its verified organisations", "an address", o => o.Ledger.Registry.Contract, (o, value) => With(o, o.Ledger.Registry with { Contract = value }), IsAddress),
        Of.Text(Prefix + "Registry:KeyFile", "the key of its verifier, an account that does nothing else: 64 hexadecimal digits, or a keystore", "a file that is there", o => o.Ledger.Registry.Key.KeyFile, (o, value) => With(o, o.Ledger.Registry.Key with { KeyFile = value }), File.Exists),
        Of.Text(Prefix + "Registry:PasswordFile", "opens the keystore", "a file that is there", o => o.Ledger.Registry.Key.PasswordFile, (o, value) => With(o, o.Ledger.Registry.Key with { PasswordFile = value }), File.Exists),
        Of.Text(Prefix + "Registry:Signer", "a signer that keeps the key in place of a key file", "an absolute http or https URL", o => o.Ledger.Registry.Key.Signer?.ToString(), (o, value) => With(o, o.Ledger.Registry.Key with { Signer = new Uri(value) }), Settings.IsHttp),
        Of.Text(Prefix + "Registry:Account", "the signer's account", "an address", o => o.Ledger.Registry.Key.Account, (o, value) => With(o, o.Ledger.Registry.Key with { Account = value }), IsAddress),
    ];

    /// <summary>Settings of the ledger that are sound by themselves but not together.</summary>
    public static IEnumerable<string> Contradictions(LedgerSettings ledger)
    {
        if (ledger.WitnessesNeeded > ledger.Witnesses.Count)
        {
            yield return $"{Prefix}WitnessesNeeded: {ledger.WitnessesNeeded} are more than the {ledger.Witnesses.Count} in {Prefix}Witnesses";
        }

        if (ledger.Witnesses.FirstOrDefault(witness => witness.Key.Type != NoteKeyType.Cosignature) is { } log)
        {
            yield return $"{Prefix}Witnesses: {log.Key.Name} is the key of a log, not of a witness";
        }

        if (ledger.WitnessFor.Concat(ledger.Mirrors.Select(mirror => mirror.Key)).FirstOrDefault(key => key.Type != NoteKeyType.Ed25519) is { } witness)
        {
            yield return $"{Prefix}WitnessFor, Mirrors: {witness.Name} is the key of a witness, not of a log";
        }

        if (ledger.Registry.Contract is not null && (ledger.Chain != LedgerChain.Rpc || !ledger.Registry.Key.IsComplete))
        {
            yield return $"{Prefix}Registry:Contract: a registry needs {Prefix}Chain=rpc, and either {Prefix}Registry:KeyFile, or Signer and Account";
        }

        if (ledger.Chain != LedgerChain.Rpc)
        {
            yield break;
        }

        RpcSettings rpc = ledger.Rpc;
        if (rpc.Url is null || rpc.ChainId == 0 || rpc.Contract is null)
        {
            yield return $"{Prefix}Chain: a chain of one's choice needs {Prefix}Rpc:Url, ChainId and Contract";
        }

        if (!rpc.Key.IsComplete)
        {
            yield return $"{Prefix}Rpc: set either KeyFile, or Signer and Account";
        }
    }

    private static bool IsAddress(string text) => EthereumAddress.TryParse(text, out _);

    private static string Show(IReadOnlyList<LedgerPeer> peers) => string.Join("; ", peers);

    private static ServerOptions With(ServerOptions options, LedgerSettings ledger) => options with { Ledger = ledger };

    private static ServerOptions With(ServerOptions options, RpcSettings rpc) => options with { Ledger = options.Ledger with { Rpc = rpc } };

    private static ServerOptions With(ServerOptions options, RegistrySettings registry) => options with { Ledger = options.Ledger with { Registry = registry } };

    private static ServerOptions With(ServerOptions options, ChainKey key) => With(options, options.Ledger.Registry with { Key = key });
}
