using HealthChain.Fhir.Model;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Upkeep;

/// <summary>Opens every version, compares it with its hash and row, and the keys of resources with what their content gives.</summary>
internal sealed class ContentCheck(
    Snapshot snapshot, EngineParts parts, PreparerPool preparers, LedgerCheck? ledger, bool parametersChanged, Action<string> fault)
{
    private readonly Head _head = new();
    private long _lastInstant;

    public void Run(Action<double> progress, CancellationToken cancellationToken)
    {
        const int Step = 1000;
        for (long sequence = 1; sequence <= snapshot.Newest; sequence++)
        {
            if (sequence % Step == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress(sequence / (double)snapshot.Newest);
            }

            try
            {
                if (snapshot.FindVersion(sequence) is { } row)
                {
                    Check(row);
                }
            }
            catch (StoreException damage)
            {
                fault(damage.Message);
            }
        }
    }

    private void Check(in VersionRow row)
    {
        if (row.Instant < _lastInstant)
        {
            fault($"Version {row.Sequence} is older than one before it.");
        }

        _lastInstant = row.Instant;
        if (snapshot.OpenChecked(row.Sequence) is not { } opened)
        {
            fault($"Version {row.Sequence} has no content, but is not erased.");
            return;
        }

        ledger?.CheckContent(row, opened);
        StoredVersion version = opened.Stored;

        if (!snapshot.TryGetHead(row.Rid, _head))
        {
            // Said by the check of all versions.
            return;
        }

        if (_head.Identity != parts.Hasher.Reference(version.Key) || snapshot.FindIdentity(_head.Identity) != row.Rid)
        {
            fault($"Version {row.Sequence} is not found by its id.");
        }

        if (version.IsDeleted)
        {
            if (row.Sequence == _head.Newest && snapshot.FindVersion(row.Rid, row.Version - 1) is { IsDeletion: false } ended
                && snapshot.Open(ended.Sequence) is { } content)
            {
                CheckKeys(content, ended);
            }

            return;
        }

        ReadResult read = FhirJson.Read(version.Json);
        if (!read.IsOk)
        {
            fault($"Version {row.Sequence} is no resource.");
            return;
        }

        Element meta = read.Root.Child("meta");
        if (meta.Child("versionId").Text != row.Version.ToString(System.Globalization.CultureInfo.InvariantCulture)
            || !DateTimeOffset.TryParse(meta.Child("lastUpdated").Text, System.Globalization.CultureInfo.InvariantCulture, out DateTimeOffset lastUpdated)
            || lastUpdated.ToUnixTimeMilliseconds() != row.Instant)
        {
            fault($"Version {row.Sequence} says something else of itself than its row.");
        }

        if (row.Sequence == _head.Newest)
        {
            CheckKeys(version, row);
        }
    }

    /// <summary>The head's keys are those of that version.</summary>
    private void CheckKeys(StoredVersion version, in VersionRow row)
    {
        if (parametersChanged)
        {
            return;
        }

        PreparedPut put = preparers.Use(preparer => preparer.Prepare(new Put(version.Key, FhirJson.Read(version.Json).Root)));
        put.SetInstant(row.Instant);
        if (!put.Keys.AsSpan().SequenceEqual(_head.Coded))
        {
            fault($"The index keys of resource {row.Rid} are not those of its content.");
        }

        if ((put.Patient == 0 ? 0 : snapshot.SubjectOf(put.Patient)) != _head.Patient)
        {
            fault($"Resource {row.Rid} is in the compartment of another patient.");
        }
    }
}
