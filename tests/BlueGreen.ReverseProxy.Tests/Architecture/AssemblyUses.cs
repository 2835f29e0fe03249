using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace BlueGreen.ReverseProxy.Tests.Architecture;

/// <summary>Finds which types of an assembly use which other types of it, as the compiler has written it down.</summary>
/// <remarks>
/// Base types, attributes, fields, signatures, locals and every instruction that names a type, a member or a generic
/// argument. What the compiler folds leaves no trace: constants, values of enumerations and <c>nameof</c>.
/// Nested types, lambdas and state machines count as the type that they are written in.
/// </remarks>
internal sealed class AssemblyUses : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _metadata;
    private readonly TypeNames _names;

    public AssemblyUses(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _metadata = _file.GetMetadataReader();
        _names = new TypeNames();
    }

    public void Dispose() => _file.Dispose();

    /// <summary>The full names of all types that are written in a source file, without nested ones.</summary>
    public IEnumerable<string> Types => _metadata.TypeDefinitions
        .Where(type => _metadata.GetTypeDefinition(type).GetDeclaringType().IsNil)
        .Select(type => TypeNames.FullName(_metadata, type));

    /// <summary>Every use of one type by another.</summary>
    public IEnumerable<(string User, string Used)> All()
    {
        foreach (var handle in _metadata.TypeDefinitions)
        {
            var user = TypeNames.OutermostName(_metadata, handle);
            foreach (var used in UsesOf(_metadata.GetTypeDefinition(handle)).Distinct(StringComparer.Ordinal).Where(used => used != user))
            {
                yield return (user, used);
            }
        }
    }

    private IEnumerable<string> UsesOf(TypeDefinition type) =>
    [
        .. UsesOf(type.BaseType),
        .. type.GetInterfaceImplementations().SelectMany(implementation => UsesOf(_metadata.GetInterfaceImplementation(implementation).Interface)),
        .. UsesOf(type.GetGenericParameters()),
        .. UsesOf(type.GetCustomAttributes()),
        .. type.GetFields().Select(_metadata.GetFieldDefinition).SelectMany(field =>
            field.DecodeSignature(_names, _metadata).Concat(UsesOf(field.GetCustomAttributes()))),
        .. type.GetProperties().SelectMany(property => UsesOf(_metadata.GetPropertyDefinition(property).GetCustomAttributes())),
        .. type.GetMethods().Select(_metadata.GetMethodDefinition).SelectMany(UsesOf),
    ];

    private IEnumerable<string> UsesOf(MethodDefinition method)
    {
        IEnumerable<string> uses = [.. UsesOf(method.DecodeSignature(_names, _metadata)), .. UsesOf(method.GetCustomAttributes()), .. UsesOf(method.GetGenericParameters())];
        if (method.RelativeVirtualAddress == 0)
        {
            return uses;
        }

        var body = _file.GetMethodBody(method.RelativeVirtualAddress);
        var locals = body.LocalSignature.IsNil ? [] : _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_names, _metadata).SelectMany(names => names);
        var caught = body.ExceptionRegions.Where(region => !region.CatchType.IsNil).SelectMany(region => UsesOf(region.CatchType));
        return [.. uses, .. locals, .. caught, .. Instructions.HandlesIn(body.GetILBytes()!).SelectMany(UsesOf)];
    }

    private IEnumerable<string> UsesOf(GenericParameterHandleCollection parameters) => parameters
        .SelectMany(parameter => _metadata.GetGenericParameter(parameter).GetConstraints())
        .SelectMany(constraint => UsesOf(_metadata.GetGenericParameterConstraint(constraint).Type));

    private IEnumerable<string> UsesOf(CustomAttributeHandleCollection attributes) =>
        attributes.SelectMany(attribute => UsesOf(_metadata.GetCustomAttribute(attribute).Constructor));

    private static IEnumerable<string> UsesOf(MethodSignature<IEnumerable<string>> signature) =>
        [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(names => names)];

    private IEnumerable<string> UsesOf(EntityHandle handle) => handle.IsNil ? [] : handle.Kind switch
    {
        HandleKind.TypeDefinition => [TypeNames.OutermostName(_metadata, (TypeDefinitionHandle)handle)],
        HandleKind.TypeSpecification => _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_names, _metadata),
        HandleKind.MethodDefinition => UsesOf(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()),
        HandleKind.FieldDefinition => UsesOf(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()),
        HandleKind.MemberReference => UsesOf(_metadata.GetMemberReference((MemberReferenceHandle)handle)),
        HandleKind.MethodSpecification => UsesOf(_metadata.GetMethodSpecification((MethodSpecificationHandle)handle)),
        _ => [],
    };

    private IEnumerable<string> UsesOf(MemberReference member) =>
    [
        .. UsesOf(member.Parent),
        .. member.GetKind() == MemberReferenceKind.Field
            ? member.DecodeFieldSignature(_names, _metadata)
            : UsesOf(member.DecodeMethodSignature(_names, _metadata)),
    ];

    private IEnumerable<string> UsesOf(MethodSpecification method) =>
        [.. UsesOf(method.Method), .. method.DecodeSignature(_names, _metadata).SelectMany(names => names)];
}
