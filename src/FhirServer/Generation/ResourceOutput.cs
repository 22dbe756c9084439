using System.Buffers;

namespace HealthChain.FhirServer.Generation;

/// <summary>Type and id of a generated resource: a UUID of its own, or the fixed id of a shared one.</summary>
internal readonly record struct ResourceKey(string Type, Guid Uuid, string? FixedId = null)
{
    /// <summary>Shared resources have the same ids in every run, so that what refers to them needs no other bundle.</summary>
    public static ResourceKey Shared(string type, string id) => new(type, Guid.Empty, id);
}

/// <summary>Where generated resources go, one after another. <see cref="Writer"/> is open between Begin and End.</summary>
internal abstract class ResourceOutput : IDisposable
{
    protected ResourceOutput(bool refersByUrn)
    {
        Writer = new FhirWriter(Buffer, refersByUrn);
    }

    public FhirWriter Writer { get; }

    /// <summary>How many resources were written.</summary>
    public long Count { get; private set; }

    protected ArrayBufferWriter<byte> Buffer { get; } = new(1 << 16);

    /// <summary>Starts what belongs together: a patient's resources, or the shared ones.</summary>
    public abstract void BeginGroup();

    public abstract void EndGroup();

    /// <summary>Starts a resource and writes its type and, where clients choose ids, its id.</summary>
    public virtual void Begin(ResourceKey key) => Count++;

    public abstract void End();

    public virtual void Dispose() => Writer.Dispose();
}

/// <summary>One transaction per patient and line: https://hl7.org/fhir/R4/http.html#transaction</summary>
/// <param name="send">Takes a line; what it is given is overwritten afterwards.</param>
internal sealed class BundleOutput(Action<ReadOnlyMemory<byte>> send) : ResourceOutput(refersByUrn: true)
{
    private ResourceKey _current;

    public override void BeginGroup()
    {
        Writer.Object();
        Writer.Text("resourceType"u8, "Bundle");
        Writer.Text("type"u8, "transaction");
        Writer.Array("entry"u8);
    }

    public override void Begin(ResourceKey key)
    {
        base.Begin(key);
        _current = key;
        Writer.Object();
        if (key.FixedId is null)
        {
            Writer.Urn("fullUrl"u8, key.Uuid);
        }

        Writer.Object("resource"u8);
        Writer.Text("resourceType"u8, key.Type);
        if (key.FixedId is { } id)
        {
            Writer.Text("id"u8, id);
        }
    }

    public override void End()
    {
        Writer.End();
        Writer.Object("request"u8);
        Writer.Text("method"u8, _current.FixedId is null ? "POST" : "PUT");
        Writer.Text("url"u8, _current.FixedId is { } id ? $"{_current.Type}/{id}" : _current.Type);
        Writer.End();
        Writer.End();
    }

    public override void EndGroup()
    {
        Writer.EndArray();
        Writer.End();
        Writer.Finish();
        Buffer.Write("\n"u8);
        send(Buffer.WrittenMemory);
        Buffer.ResetWrittenCount();
    }
}

/// <summary>A file per resource type with a resource per line, as in bulk data: https://hl7.org/fhir/R4/nd-json.html</summary>
internal sealed class NdjsonOutput(string folder) : ResourceOutput(refersByUrn: false)
{
    private readonly Dictionary<string, FileStream> _files = [];
    private string _type = "";

    public override void BeginGroup()
    {
        // Only lines matter here, not what belongs together.
    }

    public override void Begin(ResourceKey key)
    {
        base.Begin(key);
        _type = key.Type;
        Writer.Object();
        Writer.Text("resourceType"u8, key.Type);
        if (key.FixedId is { } id)
        {
            Writer.Text("id"u8, id);
        }
        else
        {
            Writer.Uuid("id"u8, key.Uuid);
        }
    }

    public override void End()
    {
        Writer.End();
        Writer.Finish();
        Buffer.Write("\n"u8);
        if (!_files.TryGetValue(_type, out var file))
        {
            var path = Path.Combine(folder, _type + ".ndjson");
            _files[_type] = file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1 << 16);
        }

        file.Write(Buffer.WrittenSpan);
        Buffer.ResetWrittenCount();
    }

    public override void EndGroup()
    {
        // Each line is complete on its own.
    }

    public override void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }

        base.Dispose();
    }
}
