using System.Reflection;
using HealthChain.Fhir;
using HealthChain.Storage;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>A store that reads as ever and, while its disk is full, writes nothing.</summary>
public class FullDisk : DispatchProxy
{
    private IResourceStore? _inner;

    public bool IsFull { get; set; }

    /// <summary>Only records cannot be written.</summary>
    public bool TakesCommits { get; set; }

    public static IResourceStore Around(IResourceStore inner, out FullDisk disk)
    {
        IResourceStore store = Create<IResourceStore, FullDisk>();
        disk = (FullDisk)(object)store;
        disk._inner = inner;
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var full = FhirError.Of(ErrorKind.Busy, IssueType.Transient, "The disk is full. Nothing was written.");
        return (IsFull, targetMethod!.Name) switch
        {
            (true, nameof(IResourceStore.AppendRecordAsync)) => new ValueTask<Result<long>>((Result<long>)full),
            (true, nameof(IResourceStore.CommitAsync)) when !TakesCommits => new ValueTask<Result<CommitResult>>((Result<CommitResult>)full),
            (true, nameof(IResourceStore.EraseAsync)) => new ValueTask<Result<Erasure>>((Result<Erasure>)full),
            _ => targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null),
        };
    }
}
