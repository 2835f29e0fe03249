namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Many things that end together.</summary>
internal sealed class Disposables : IDisposable
{
    private readonly List<IDisposable> _all = [];

    public T Add<T>(T one)
        where T : IDisposable
    {
        _all.Add(one);
        return one;
    }

    public void Dispose() => _all.ForEach(one => one.Dispose());
}
