using System.Collections.Concurrent;
using HealthChain.Fhir;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Preparers to lend, as many as threads prepare at a time.</summary>
internal sealed class PreparerPool(Func<Preparer> create)
{
    private readonly ConcurrentBag<Preparer> _idle = [];

    public Result<PreparedTransaction> Prepare(AccessScope scope, Transaction transaction) => Use(preparer => preparer.Prepare(scope, transaction));

    public T Use<T>(Func<Preparer, T> work)
    {
        Preparer preparer = _idle.TryTake(out Preparer? idle) ? idle : create();
        try
        {
            return work(preparer);
        }
        finally
        {
            _idle.Add(preparer);
        }
    }
}
