using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>What came of looking for the resources that meet a condition.</summary>
internal enum Finding
{
    /// <summary>No index leads to them: all resources must be asked.</summary>
    None,

    /// <summary>There are more than the limit; what was added is of no use.</summary>
    TooMany,

    /// <summary>All that meet it were added, and maybe others.</summary>
    Superset,

    /// <summary>Just those that meet it were added, but for their type and for what the scope withholds.</summary>
    Exact,
}

/// <summary>
/// A <see cref="Criterion"/> ready to run: it judges a resource, by its keys where they are enough, and finds the resources that may
/// meet it. Made for one search.
/// </summary>
internal abstract class Condition
{
    /// <summary>Whether a resource meets it. When it may open the resource, the answer is never Maybe.</summary>
    public abstract KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen);

    /// <summary>Whether other resources have to be found first.</summary>
    public virtual bool IsLink => false;

    /// <summary>Adds the resources that may meet it, in no order and maybe more than once.</summary>
    /// <param name="patient">The one in whose compartment all that is looked for lies; null when there is none.</param>
    public virtual Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit) => Finding.None;
}

/// <summary>All parts are met.</summary>
internal sealed class AllCondition(IReadOnlyList<Condition> parts) : Condition
{
    // The costs of looking in vain grow with the limit, so a part that finds few is tried to the end before one that finds many.
    private static readonly int[] Limits = [32, 512, 8192, 131_072, int.MaxValue];

    private readonly Condition[] _byCost = [.. parts.OrderBy(part => part.IsLink)];

    public IReadOnlyList<Condition> Parts => parts;

    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        KeyAnswer answer = KeyAnswer.Yes;
        for (int i = 0; i < parts.Count && answer != KeyAnswer.No; i++)
        {
            KeyAnswer part = parts[i].Judge(run, candidate, mayOpen);
            answer = part < answer ? part : answer;
        }

        return answer;
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        List<long> found = run.RentList();
        List<long> fewest = run.RentList();
        Finding best = Finding.None;
        bool isPossible = parts.Count > 0;
        for (int step = 0; isPossible && best == Finding.None; step++)
        {
            int most = Math.Min(limit, Limits[step]);
            isPossible = false;
            foreach (Condition part in _byCost)
            {
                // Once something is found, only less is of interest.
                found.Clear();
                Finding finding = part.Find(run, patient, found, best == Finding.None ? most : Math.Min(most, fewest.Count));
                isPossible |= finding == Finding.TooMany;
                if (finding >= Finding.Superset && (best == Finding.None || found.Count < fewest.Count))
                {
                    best = parts.Count == 1 ? finding : Finding.Superset;
                    (found, fewest) = (fewest, found);
                }
            }

            if (isPossible && best == Finding.None && most == limit)
            {
                best = Finding.TooMany;
            }
        }

        rids.AddRange(fewest);
        run.Return(found);
        run.Return(fewest);
        return best;
    }
}

/// <summary>One part is met.</summary>
internal sealed class OneCondition(IReadOnlyList<Condition> parts) : Condition
{
    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        KeyAnswer answer = KeyAnswer.No;
        for (int i = 0; i < parts.Count && answer != KeyAnswer.Yes; i++)
        {
            KeyAnswer part = parts[i].Judge(run, candidate, mayOpen);
            answer = part > answer ? part : answer;
        }

        return answer;
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        Finding all = Finding.Exact;
        int before = rids.Count;
        foreach (Condition part in parts)
        {
            Finding finding = part.Find(run, patient, rids, limit - Math.Min(limit, rids.Count - before));
            if (finding is Finding.None or Finding.TooMany)
            {
                return finding;
            }

            all = finding < all ? finding : all;
        }

        return all;
    }
}

/// <summary>The part is not met.</summary>
internal sealed class NoneCondition(Condition part) : Condition
{
    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen) =>
        KeyAnswer.Yes - (byte)part.Judge(run, candidate, mayOpen);
}

/// <summary>
/// A patient whom a search names, so that what it finds lies in that patient's compartment: in the part of each index where the
/// patient's own resources stand together, or among the few that are in several patients' compartments.
/// </summary>
/// <param name="Patient">Hash of the patient's type and id.</param>
/// <param name="Subject">The patient's number.</param>
/// <param name="Shared">Resources that are in several compartments, this patient's among them.</param>
/// <param name="Types">Those looked for.</param>
internal sealed record PatientFocus(long Patient, long Subject, IReadOnlyList<long> Shared, IReadOnlyList<TypeSchema> Types, PatientMemberships Memberships)
{
    /// <summary>Each type is a look-up of its own.</summary>
    private const int FewTypes = 4;

    public bool FindValue(Snapshot snapshot, ushort parameter, long hash, List<long> rids, int limit)
    {
        // Types share the parameters that say whose a resource is: those lead to all that the patient has, of whatever type.
        if (hash == Patient && Types.Count <= FewTypes && IsAbout(parameter))
        {
            return FindMembers(snapshot, rids, limit);
        }

        rids.AddRange(Shared);
        return snapshot.FindValue(parameter, hash, Subject, rids, limit);
    }

    /// <summary>Finds what the compartment has of the types.</summary>
    public bool FindMembers(Snapshot snapshot, List<long> rids, int limit)
    {
        rids.AddRange(Shared);
        int before = rids.Count;
        bool isAll = true;
        for (int i = 0; i < Types.Count && isAll; i++)
        {
            isAll = snapshot.FindMembers(Types[i].Id, Subject, rids, limit - Math.Min(limit, rids.Count - before));
        }

        return isAll;
    }

    private bool IsAbout(ushort reference)
    {
        for (int i = 0; i < Types.Count; i++)
        {
            if (!Memberships.IsAbout(reference, Types[i]))
            {
                return false;
            }
        }

        return true;
    }
}
