namespace Dialtone.Files.Tests;

public sealed class LocalFileStoreTests : StoreConformance, IDisposable
{
    private readonly Playground _ground = new();
    private readonly LocalFileStore _store;

    public LocalFileStoreTests() => _store = _ground.Open();

    protected override IFileStore Store => _store;

    public void Dispose()
    {
        _store.Dispose();
        try
        {
            Assert.DoesNotContain(_ground.Staged, name => !name.Contains('.', StringComparison.Ordinal) && !_ground.Staged.Contains(name + ".json"));
        }
        finally
        {
            _ground.Dispose();
        }
    }
}
