using System.Text;

namespace HealthChain.Storage.ContractTests;

/// <summary>Withholds a type, resources with a code under whatever parameter (a label), and single resources.</summary>
public sealed class TestScope(IndexHasher hasher) : AccessScope
{
    private readonly HashSet<long> _codes = [];
    private readonly HashSet<long> _resources = [];

    public override string Requester => "test";

    public string? WithheldType { get; init; }

    public TestScope WithoutCode(string code)
    {
        _codes.Add(hasher.Code(Encoding.UTF8.GetBytes(code)));
        return this;
    }

    public TestScope Without(ResourceKey key)
    {
        _resources.Add(hasher.Reference(Encoding.UTF8.GetBytes(key.Type), Encoding.UTF8.GetBytes(key.Id)));
        return this;
    }

    public override bool MaySee(string type) => type != WithheldType;

    public override bool Sees(in ResourceFacts facts)
    {
        if (facts.Type == WithheldType || _resources.Contains(facts.Id))
        {
            return false;
        }

        foreach (IndexKey key in facts.Keys)
        {
            if (key.Kind == IndexKeyKind.Code && _codes.Contains(key.Hash))
            {
                return false;
            }
        }

        return true;
    }
}
