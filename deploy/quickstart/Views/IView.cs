namespace BlueGreen.Quickstart.Views;

/// <summary>How the run is shown: drawn for people at a terminal, as lines for everything else.</summary>
internal interface IView
{
    /// <summary>Adds one line.</summary>
    public void Note(string line);

    /// <summary>Shows the stage until told to stop.</summary>
    public Task ShowAsync(Stage stage, CancellationToken stop);
}
