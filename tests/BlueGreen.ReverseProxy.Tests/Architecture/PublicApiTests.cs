using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Tests.Architecture;

/// <summary>
/// The public types and members of the packages, as text: whoever changes what others compile against sees it in the change.
/// <c>UPDATE_DOCS=1</c> writes the files anew.
/// </summary>
public sealed class PublicApiTests
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    [Theory]
    [InlineData(typeof(BlueGreenExtensions))]
    [InlineData(typeof(Release))]
    [InlineData(typeof(BlueGreen.AspNetCore.BlueGreenApiOptions))]
    public void PublicApi_OfAPackage_IsTheOneThatIsWrittenDown(Type anyType)
    {
        var api = ApiOf(anyType.Assembly);
        var file = Path.Combine(FindFolder(), $"{anyType.Assembly.GetName().Name}.txt");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, api);
        }

        File.ReadAllText(file).ReplaceLineEndings("\n").Should().Be(api, "what others compile against has changed; if that is wanted, run the test with UPDATE_DOCS=1");
    }

    private static string ApiOf(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(KindOf(type)).Append(' ').Append(NameOf(type)).Append('\n');
            foreach (var member in type.GetMembers(Own).Where(IsPublic).Select(Describe).Where(line => line is not null).Distinct().Order(StringComparer.Ordinal))
            {
                text.Append("  ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    // What the compiler writes for a record says nothing that its properties don't.
    private static bool IsPublic(MemberInfo member) => member.GetCustomAttribute<CompilerGeneratedAttribute>() is null && member switch
    {
        MethodBase { IsSpecialName: true, IsConstructor: false } => false,
        MethodBase method => method.IsPublic || method.IsFamily,
        PropertyInfo property => property.Name != "EqualityContract" && property.GetAccessors().Length > 0,
        FieldInfo field => field is { IsPublic: true, IsSpecialName: false },
        _ => false,
    };

    private static string? Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new({ParametersOf(constructor)})",
        MethodInfo method => $"{(method.IsStatic ? "static " : "")}{NameOf(method.ReturnType)} {method.Name}{GenericsOf(method)}({ParametersOf(method)})",
        PropertyInfo property => $"{NameOf(property.PropertyType)} {property.Name} {{{(property.GetMethod is { IsPublic: true } ? " get;" : "")}{SetterOf(property)} }}",
        FieldInfo { IsLiteral: true } field => $"const {field.Name} = {field.GetRawConstantValue()}",
        FieldInfo field => $"{NameOf(field.FieldType)} {field.Name}",
        _ => null,
    };

    private static string SetterOf(PropertyInfo property) => property.SetMethod is not { IsPublic: true } setter ? ""
        : setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? " init;"
        : " set;";

    private static string ParametersOf(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        $"{NameOf(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "null"}" : "")}"));

    private static string GenericsOf(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : "";

    private static string KindOf(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => "class",
    };

    private static string NameOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return $"{NameOf(inner)}?";
        }

        var name = type is { Namespace: { } space } && space.StartsWith("BlueGreen", StringComparison.Ordinal) && !type.IsGenericParameter ? $"{space}.{type.Name}" : type.Name;
        return type.IsGenericType ? $"{name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }

    // Not by the path that the compiler knows: a deterministic build does not have it.
    private static string FindFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        string files;
        while (!Directory.Exists(files = Path.Combine(folder.FullName, "tests", "BlueGreen.ReverseProxy.Tests", "Architecture", "PublicApi")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository, whose files they compare with.");
        }

        return files;
    }
}
