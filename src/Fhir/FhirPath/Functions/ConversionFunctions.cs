namespace HealthChain.Fhir.FhirPath;

/// <summary>FHIRPath, "Conversion": <c>toXxx()</c> and <c>convertsToXxx()</c> for each System type.</summary>
internal static class ConversionFunctions
{
    public static readonly Function[] All =
    [
        .. Pair(FhirPathKind.Boolean, FunctionOutput.Boolean),
        .. Pair(FhirPathKind.Integer, FunctionOutput.Integer),
        .. Pair(FhirPathKind.Long, FunctionOutput.Long),
        .. Pair(FhirPathKind.Decimal, FunctionOutput.Decimal),
        .. Pair(FhirPathKind.String, FunctionOutput.Text),
        .. Pair(FhirPathKind.Date, FunctionOutput.Date),
        .. Pair(FhirPathKind.DateTime, FunctionOutput.DateTime),
        .. Pair(FhirPathKind.Time, FunctionOutput.Time),
        .. Pair(FhirPathKind.Quantity, FunctionOutput.Quantity),
    ];

    private static Function[] Pair(FhirPathKind kind, FunctionOutput output)
    {
        int arguments = kind == FhirPathKind.Quantity ? 1 : 0;
        return
        [
            new("to" + kind, 0, arguments, FunctionInput.Single, output, (in Call call) => call.Return(Converted(call, kind))),
            new("convertsTo" + kind, 0, arguments, FunctionInput.Single, FunctionOutput.Boolean, (in Call call) =>
            {
                if (call.Input.Count > 0)
                {
                    call.Return(!Converted(call, kind).IsNone);
                }
            }),
        ];
    }

    private static FhirPathValue Converted(in Call call, FhirPathKind kind)
    {
        FhirPathValue value = call.Value();
        FhirPathValue converted = value.IsNone ? default : Conversion.Convert(value, kind);
        if (converted.IsNone || call.ArgumentCount == 0 || !call.TryText(0, out string unit))
        {
            return converted;
        }

        QuantityUnit target = QuantityUnit.OfQuoted(unit);
        return Quantities.TryConvert(converted, target, out decimal number) ? FhirPathValue.OfQuantity(number, target) : default;
    }
}
