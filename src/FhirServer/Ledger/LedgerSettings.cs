using System.Diagnostics.CodeAnalysis;
using HealthChain.LedgerProofs;

namespace HealthChain.FhirServer.Ledger;

/// <summary>Where heads of the ledger are anchored.</summary>
internal enum LedgerChain
{
    None,

    /// <summary>A chain of this server's own, for development and demonstration.</summary>
    Development,

    /// <summary>Any Ethereum-type chain, spoken to by JSON-RPC.</summary>
    Rpc,
}

/// <summary>How the ledger of this server is kept and shared.</summary>
internal sealed record LedgerSettings
{
    /// <summary>Whether everything that is written becomes a leaf; decided for ever at the first start.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Name of the log; null for the one that it has, or one that no other log has.</summary>
    public string? Origin { get; init; }

    /// <summary>Tiles, checkpoint, journals and keys; relative to the data folder.</summary>
    public string Folder { get; init; } = "ledger";

    /// <summary>The key that signs checkpoints; relative to the ledger's folder. Made when it is not there.</summary>
    public string KeyFile { get; init; } = "log.key";

    /// <summary>Whether everybody may fetch checkpoint and tiles. They say nothing but how much is done here.</summary>
    public bool IsPublic { get; init; } = true;

    public int RequestsPerSecond { get; init; } = 200;

    /// <summary>Null for 10 seconds, in development mode 1.</summary>
    public TimeSpan? CheckpointInterval { get; init; }

    public TimeSpan AnchorInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>In wei; null for no limit.</summary>
    public UInt128? FeePerDay { get; init; }

    public LedgerChain Chain { get; init; }

    public RpcSettings Rpc { get; init; } = new();

    public RegistrySettings Registry { get; init; } = new();

    /// <summary>Who cosigns this log.</summary>
    public IReadOnlyList<LedgerPeer> Witnesses { get; init; } = [];

    public int WitnessesNeeded { get; init; }

    /// <summary>Keys of the logs that this server cosigns; none for no witness.</summary>
    public IReadOnlyList<NoteVerifier> WitnessFor { get; init; } = [];

    /// <summary>Logs of which this server keeps a copy.</summary>
    public IReadOnlyList<LedgerPeer> Mirrors { get; init; } = [];

    public TimeSpan MirrorInterval { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>The chain of <see cref="LedgerChain.Rpc"/>.</summary>
internal sealed record RpcSettings
{
    public Uri? Url { get; init; }

    public int ChainId { get; init; }

    /// <summary>Address of the contract CheckpointAnchor.</summary>
    public string? Contract { get; init; }

    /// <summary>File with the sender's key: 64 hexadecimal digits, or a keystore (Web3 Secret Storage).</summary>
    public string? KeyFile { get; init; }

    /// <summary>File with the keystore's password.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A signer that keeps the key, asked by JSON-RPC; then <see cref="Account"/> says which.</summary>
    public Uri? Signer { get; init; }

    public string? Account { get; init; }

    public ChainKey Key => new(KeyFile, PasswordFile, Signer, Account);

    /// <summary>Highest price of a unit of gas, in gwei.</summary>
    public int MaxGwei { get; init; } = 200;

    /// <summary>Blocks after which one is final; 0 to ask the chain.</summary>
    public int Confirmations { get; init; }
}

/// <summary>Where on the chain of <see cref="LedgerChain.Rpc"/> organisations are registered.</summary>
internal sealed record RegistrySettings
{
    /// <summary>Address of the contract HealthRegistry; null when they are registered nowhere.</summary>
    public string? Contract { get; init; }

    /// <summary>Of an account that is a verifier there and does nothing else.</summary>
    public ChainKey Key { get; init; } = new(null, null, null, null);
}

/// <summary>The key of an account of a chain: in a file, or with a signer.</summary>
internal sealed record ChainKey(string? KeyFile, string? PasswordFile, Uri? Signer, string? Account)
{
    public bool IsComplete => KeyFile is null != Signer is null && (Signer is null || Account is not null);
}

/// <summary>Another server with its key, written as <c>vkey url</c>.</summary>
internal sealed record LedgerPeer(NoteVerifier Key, Uri Address)
{
    public override string ToString() => $"{Key} {Address}";

    /// <summary>Peers separated by semicolons; null when one is none.</summary>
    public static IReadOnlyList<LedgerPeer>? ReadAll(string text)
    {
        var peers = new List<LedgerPeer>();
        foreach (string entry in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = entry.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2
                || !NoteVerifier.TryParse(words[0], out NoteVerifier? key, out _)
                || !Uri.TryCreate(words[1], UriKind.Absolute, out Uri? address)
                || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            {
                return null;
            }

            peers.Add(new LedgerPeer(key, address));
        }

        return peers;
    }

    /// <summary>Keys separated by semicolons; null when one is none.</summary>
    public static bool TryReadKeys(string text, [NotNullWhen(true)] out IReadOnlyList<NoteVerifier>? keys)
    {
        var read = new List<NoteVerifier>();
        keys = read;
        foreach (string entry in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!NoteVerifier.TryParse(entry, out NoteVerifier? key, out _))
            {
                keys = null;
                return false;
            }

            read.Add(key);
        }

        return true;
    }
}
