using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Of = HealthChain.FhirServer.Server.Setting<HealthChain.FhirServer.Server.ServerOptions>;

namespace HealthChain.FhirServer.Labelling;

/// <summary>What makes resources sensitive, and who may take labels off.</summary>
internal sealed record LabelOptions
{
    /// <summary>Whether the value sets of <c>profiles/labels</c> count.</summary>
    public bool UsesShipped { get; init; } = true;

    /// <summary>Folder with further value sets, in JSON, one to a file; null for none.</summary>
    public string? Folder { get; init; }

    /// <summary>
    /// Roles whose bearers may take security labels off what they may write. Patients: it is their record that the labels protect. Operators' tokens
    /// without a role may always.
    /// </summary>
    public IReadOnlyList<Role> Relabellers { get; init; } = Patients;

    // One list, so that options with the default are equal.
    private static readonly Role[] Patients = [Role.Patient];
}

/// <summary>What an operator may set of labels; part of <see cref="Settings"/>.</summary>
internal static class LabelTable
{
    private const string Prefix = "HealthChain:Labels:";

    public static IReadOnlyList<Of> All { get; } =
    [
        Of.Flag(Prefix + "Shipped", "whether the server's own tables of codes give sensitivity labels", o => o.Labels.UsesShipped, (o, value) => o with { Labels = o.Labels with { UsesShipped = value } }),
        Of.Text(Prefix + "Folder", "further tables of codes that give sensitivity labels", "a folder with ValueSets in JSON (profiles/labels/README.md)",
            o => o.Labels.Folder, (o, value) => o with { Labels = o.Labels with { Folder = value } }, Directory.Exists),
        Of.Text(Prefix + "Relabellers", "roles that may take security labels off by $meta-delete", "roles such as 'patient practitioner', or 'nobody'",
            o => o.Labels.Relabellers.Count == 0 ? Nobody : string.Join(' ', o.Labels.Relabellers.Select(role => Name(role))),
            (o, value) => o with { Labels = o.Labels with { Relabellers = RolesIn(value) ?? [] } },
            value => RolesIn(value) is not null),
    ];

    private const string Nobody = "nobody";

    private static Role[]? RolesIn(string text)
    {
        if (text == Nobody)
        {
            return [];
        }

        var roles = new List<Role>();
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int place = Array.FindIndex(Enum.GetValues<Role>(), role => Name(role) == word);
            if (place < 0)
            {
                return null;
            }

            roles.Add(Enum.GetValues<Role>()[place]);
        }

        return [.. roles];
    }

    /// <summary>As other settings write roles: related-person.</summary>
    private static string Name(Role role) => Of.Words(role.ToString());
}
