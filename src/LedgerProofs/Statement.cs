namespace HealthChain.LedgerProofs;

/// <summary>What a leaf of the log speaks of; the letter stands in the statement's bytes.</summary>
public enum StatementKind : byte
{
    None = 0,
    Access = (byte)'A',
    Erasure = (byte)'E',
    Event = (byte)'K',
    Version = (byte)'V',
}

/// <summary>
/// What one leaf of the log says. The leaf holds a salted hash of its bytes (<see cref="Commitment"/>), so that it says nothing to whoever does
/// not hold bytes and salt.
/// </summary>
/// <remarks>
/// The bytes, big-endian: format 1 = 1 | kind 1 | origin: length 1, ASCII | sequence 8 | instant 8 | what the kind adds. They are canonical: one
/// statement has one form, and <see cref="Read"/> refuses all others. A format that was ever written is never changed.
/// </remarks>
/// <param name="Origin">The log's name, which checkpoints carry in their first line: 1 to 255 printable ASCII characters.</param>
/// <param name="Sequence">Place in the log, counted from 1; the index of the leaf is one less.</param>
/// <param name="Instant">When it was committed, in milliseconds of Unix time.</param>
public abstract record Statement(string Origin, long Sequence, long Instant)
{
    public const int MostOriginBytes = byte.MaxValue;

    private const byte Format = 1;

    // 9999-12-31T23:59:59.999Z, the end of the calendar.
    private const long LastInstant = 253402300799999;

    public abstract StatementKind Kind { get; }

    /// <summary>How many bytes it has.</summary>
    public int Length => 2 + 1 + Origin.Length + 8 + 8 + OwnLength;

    protected abstract int OwnLength { get; }

    public static bool IsOrigin(string? origin) => StatementText.IsValid(origin, MostOriginBytes);

    /// <summary>The statement that has exactly these bytes; null when there is none.</summary>
    public static Statement? Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new StatementReader(bytes);
        if (reader.Byte() != Format)
        {
            return null;
        }

        var kind = (StatementKind)reader.Byte();
        string origin = reader.Text(MostOriginBytes);
        long sequence = reader.Int64();
        long instant = reader.Int64();
        Statement? statement = kind switch
        {
            StatementKind.Version => VersionStatement.Read(ref reader, origin, sequence, instant),
            StatementKind.Access => AccessStatement.Read(ref reader, origin, sequence, instant),
            StatementKind.Erasure => ErasureStatement.Read(ref reader, origin, sequence, instant),
            StatementKind.Event => EventStatement.Read(ref reader, origin, sequence, instant),
            _ => null,
        };
        return reader.IsAtEnd && statement is { IsValid: true } ? statement : null;
    }

    /// <summary>Writes all of it to the beginning of a buffer, and says how much that was.</summary>
    /// <exception cref="InvalidOperationException">It says what no statement may say.</exception>
    public int Write(Span<byte> destination)
    {
        if (!IsValid)
        {
            throw new InvalidOperationException($"A statement of kind {Kind} has a value that none may have.");
        }

        var writer = new StatementWriter(destination);
        writer.Byte(Format);
        writer.Byte((byte)Kind);
        writer.Text(Origin);
        writer.Int64(Sequence);
        writer.Int64(Instant);
        WriteOwn(ref writer);
        return writer.Written;
    }

    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        Write(bytes);
        return bytes;
    }

    private protected abstract void WriteOwn(ref StatementWriter writer);

    private protected abstract bool IsOwnValid { get; }

    /// <summary>Whether it says only what a statement may say, so that it can be written.</summary>
    public bool IsValid => Sequence > 0 && Instant is >= 0 and <= LastInstant && IsOrigin(Origin) && IsOwnValid;

    /// <summary>Whether it is the sequence number of an earlier leaf, or 0 for none.</summary>
    private protected bool IsEarlier(long sequence) => sequence >= 0 && sequence < Sequence;
}

/// <summary>What a version did to its resource; the letter stands in the statement's bytes.</summary>
public enum VersionOperation : byte
{
    None = 0,
    Create = (byte)'C',
    Delete = (byte)'D',
    Update = (byte)'U',
}

/// <summary>
/// A version of a resource. It adds: type: length 1, ASCII | id: length 1, ASCII | version 8 | operation 1 | content 32 | previous of the
/// resource 8 | previous of the patient 8.
/// </summary>
/// <param name="Content">SHA-256 of the exact JSON as it goes over the wire, all zeros of a deletion.</param>
/// <param name="PreviousOfResource">Sequence number of the version before it; 0 for the first.</param>
/// <param name="PreviousOfPatient">Sequence number of what the log says of the same patient before this; 0 for none, or when it belongs to no patient.</param>
public sealed record VersionStatement(
    string Origin,
    long Sequence,
    long Instant,
    string ResourceType,
    string Id,
    long Version,
    VersionOperation Operation,
    Hash256 Content,
    long PreviousOfResource,
    long PreviousOfPatient) : Statement(Origin, Sequence, Instant)
{
    /// <summary>Most characters of a type, and of an id: both as FHIR has them.</summary>
    public const int MostNameBytes = 64;

    public override StatementKind Kind => StatementKind.Version;

    protected override int OwnLength => 1 + ResourceType.Length + 1 + Id.Length + 8 + 1 + Hash256.Bytes + 8 + 8;

    private protected override bool IsOwnValid =>
        StatementText.IsValid(ResourceType, MostNameBytes)
        && StatementText.IsValid(Id, MostNameBytes)
        && Version > 0
        && Operation is VersionOperation.Create or VersionOperation.Update or VersionOperation.Delete
        && (Operation == VersionOperation.Delete) == Content.IsZero
        && IsEarlier(PreviousOfResource)
        && (Version == 1) == (PreviousOfResource == 0)
        && IsEarlier(PreviousOfPatient);

    internal static VersionStatement Read(ref StatementReader reader, string origin, long sequence, long instant) => new(
        origin,
        sequence,
        instant,
        reader.Text(MostNameBytes),
        reader.Text(MostNameBytes),
        reader.Int64(),
        (VersionOperation)reader.Byte(),
        reader.Hash(),
        reader.Int64(),
        reader.Int64());

    private protected override void WriteOwn(ref StatementWriter writer)
    {
        writer.Text(ResourceType);
        writer.Text(Id);
        writer.Int64(Version);
        writer.Byte((byte)Operation);
        writer.Hash(Content);
        writer.Int64(PreviousOfResource);
        writer.Int64(PreviousOfPatient);
    }
}

/// <summary>
/// An access to versions. It adds: body 32 | versions accessed, as <see cref="SequenceSet"/> says | consent 8 | number of patients 2 | for each of them the previous sequence
/// number 8.
/// </summary>
/// <param name="Body">SHA-256 of the access record: who, why, how, with what outcome.</param>
/// <param name="Accessed">The versions that were accessed.</param>
/// <param name="Consent">Sequence number of the version of the Consent that decided; 0 when none did.</param>
/// <param name="PreviousOfPatients">
/// For each patient whom it concerns, in the order of the body, the sequence number of what the log says of that patient before this; 0 for none.
/// </param>
public sealed record AccessStatement(
    string Origin, long Sequence, long Instant, Hash256 Body, SequenceSet Accessed, long Consent, SequenceList PreviousOfPatients)
    : Statement(Origin, Sequence, Instant)
{
    public const int MostPatients = ushort.MaxValue;

    public override StatementKind Kind => StatementKind.Access;

    protected override int OwnLength => Hash256.Bytes + Accessed.Length + 8 + 2 + (8 * PreviousOfPatients.Count);

    private protected override bool IsOwnValid =>
        Accessed.IsBefore(Sequence)
        && IsEarlier(Consent)
        && PreviousOfPatients.Count <= MostPatients
        && PreviousOfPatients.All(IsEarlier);

    internal static AccessStatement? Read(ref StatementReader reader, string origin, long sequence, long instant)
    {
        Hash256 body = reader.Hash();
        SequenceSet? accessed = SequenceSet.Read(ref reader);
        long consent = reader.Int64();
        SequenceList patients = reader.Sequences(reader.UInt16());
        return accessed is null ? null : new AccessStatement(origin, sequence, instant, body, accessed, consent, patients);
    }

    private protected override void WriteOwn(ref StatementWriter writer)
    {
        writer.Hash(Body);
        Accessed.Write(ref writer);
        writer.Int64(Consent);
        writer.UInt16((ushort)PreviousOfPatients.Count);
        writer.Sequences(PreviousOfPatients);
    }
}

/// <summary>
/// The erasure of a patient. It adds: body 32 | what was erased, as <see cref="SequenceSet"/> says | previous of the patient 8.
/// </summary>
/// <param name="Body">SHA-256 of the record: the reason's code and who did it.</param>
/// <param name="Erased">The versions and records that nobody can open any more.</param>
/// <param name="PreviousOfPatient">Sequence number of the last that the log said of the patient.</param>
public sealed record ErasureStatement(string Origin, long Sequence, long Instant, Hash256 Body, SequenceSet Erased, long PreviousOfPatient)
    : Statement(Origin, Sequence, Instant)
{
    public override StatementKind Kind => StatementKind.Erasure;

    protected override int OwnLength => Hash256.Bytes + Erased.Length + 8;

    private protected override bool IsOwnValid => Erased.IsBefore(Sequence) && IsEarlier(PreviousOfPatient);

    internal static ErasureStatement? Read(ref StatementReader reader, string origin, long sequence, long instant)
    {
        Hash256 body = reader.Hash();
        SequenceSet? erased = SequenceSet.Read(ref reader);
        long previous = reader.Int64();
        return erased is null ? null : new ErasureStatement(origin, sequence, instant, body, erased, previous);
    }

    private protected override void WriteOwn(ref StatementWriter writer)
    {
        writer.Hash(Body);
        Erased.Write(ref writer);
        writer.Int64(PreviousOfPatient);
    }
}

/// <summary>An event of the log itself, such as a new key or contract. It adds: body 32.</summary>
/// <param name="Body">SHA-256 of the record that describes it.</param>
public sealed record EventStatement(string Origin, long Sequence, long Instant, Hash256 Body) : Statement(Origin, Sequence, Instant)
{
    public override StatementKind Kind => StatementKind.Event;

    protected override int OwnLength => Hash256.Bytes;

    private protected override bool IsOwnValid => true;

    internal static EventStatement Read(ref StatementReader reader, string origin, long sequence, long instant) =>
        new(origin, sequence, instant, reader.Hash());

    private protected override void WriteOwn(ref StatementWriter writer) => writer.Hash(Body);
}
