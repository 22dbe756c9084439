using System.Text;
using HealthChain.Fhir.Schema;
using Xunit;

namespace HealthChain.FhirServer.Tests.LargeData;

/// <summary>What the filter takes for granted of the elements called data.</summary>
public sealed class DataElementTests
{
    [Fact]
    public void Those_of_R4_are_base64_except_in_SampledData()
    {
        var others =
            from type in FhirSchema.R4.Types
            from element in type.Elements
            where element.Name == "data" && element.Types.Any(choice => choice.Type.IsPrimitive && choice.Type.Primitive != PrimitiveKind.Base64Binary)
            select type.Name;
        Assert.Equal(["SampledData"], others);
    }

    [Fact]
    public void A_member_holds_SampledData_if_its_name_ends_so()
    {
        var members =
            from type in FhirSchema.R4.Types
            from element in type.Elements
            from choice in element.Types
            let name = Encoding.UTF8.GetString(element.JsonName(choice.Type))
            where choice.Type.Name == "SampledData" || name.EndsWith("SampledData", StringComparison.Ordinal)
            select (choice.Type.Name, name);
        Assert.NotEmpty(members);
        Assert.All(members, member => Assert.True(member.Name == "SampledData" && member.name.EndsWith("SampledData", StringComparison.Ordinal), member.name));
    }
}
