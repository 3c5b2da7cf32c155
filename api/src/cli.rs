//! The command line.

use std::{
    io::{Read, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::{Parser, Subcommand};
use domain::policy::Role;
use persistence::ledger;
use secrecy::ExposeSecret;

use crate::{
    config::{Flags, Mode, Settings},
    demo, logs, openapi,
    problem::Code,
    secrets,
    startup::{self, StartError},
    state::App,
    usecases::{
        audit_log::{Deed, at_console},
        keys,
        role::change_by_address,
    },
};

/// A headless marketplace for freelance work, with escrow.
#[derive(Debug, Parser)]
#[command(name = "azukari", version, about)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Migrate the database, serve the API and run the timers.
    Serve,
    /// Bring the database up to date and stop.
    Migrate,
    /// Print the OpenAPI document as YAML.
    Openapi,
    /// Write the state machines as Mermaid and JSON into a folder.
    States {
        /// The folder.
        #[arg(default_value = "docs/states")]
        folder: std::path::PathBuf,
    },
    /// Fill a sandbox with a believable marketplace, and print tokens to try it with.
    Demo,
    /// The operator's people.
    #[command(subcommand)]
    Staff(Staff),
    /// The keys that sign access tokens.
    #[command(subcommand)]
    Keys(Keys),
    /// The books.
    #[command(subcommand)]
    Ledger(Ledger),
}

#[derive(Debug, Subcommand)]
enum Staff {
    /// Create an account for one of the operator's people; the password is read from standard input.
    Create {
        /// The address to log in with.
        #[arg(long)]
        email: String,
        /// support, moderator, finance or admin.
        #[arg(long)]
        role: Role,
        /// The name others see.
        #[arg(long, default_value = "Staff")]
        name: String,
    },
    /// Give an account another role, which holds at once.
    SetRole {
        /// The address they log in with.
        #[arg(long)]
        email: String,
        /// support, moderator, finance or admin; member takes every role away.
        #[arg(long)]
        role: Role,
        /// Why, for the audit log.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// Sign with the next key from now on; tokens of the present one stay good. Nobody is logged out.
    Rotate,
    /// Let the present secret take the place of the one that the database belongs to, which was stolen or lost. Voids all
    /// access tokens and second factors; replicas that run with another secret end.
    Adopt,
}

#[derive(Debug, Subcommand)]
enum Ledger {
    /// Check every invariant of the books; exit 1 if one does not hold.
    Verify,
}

/// Runs the program.
pub async fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli).await {
        Ok(code) => code,
        Err(why) => {
            eprintln!("azukari: {}", one_line(&why));
            ExitCode::FAILURE
        }
    }
}

/// What a library says in several lines, in one.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

async fn execute(cli: Cli) -> Result<ExitCode, String> {
    match cli.command {
        Command::Openapi => print_specification(),
        Command::States { folder } => write_states(&folder),
        Command::Serve => serve(open(&cli.flags)?).await,
        Command::Demo => fill(&open(&cli.flags)?),
        Command::Migrate => open(&cli.flags).map(|_| ExitCode::SUCCESS),
        Command::Staff(Staff::Create { email, role, name }) => create_staff(&open(&cli.flags)?, role, &email, &name),
        Command::Staff(Staff::SetRole { email, role, reason }) => {
            set_role(&open_existing(startup::open, &cli.flags)?, &email, role, &reason)
        }
        Command::Keys(Keys::Rotate) => rotate_keys(&open_existing(startup::open, &cli.flags)?),
        Command::Keys(Keys::Adopt) => adopt_secret(&open_existing(startup::open_with_any_secret, &cli.flags)?),
        Command::Ledger(Ledger::Verify) => verify(&open_existing(startup::open, &cli.flags)?),
    }
}

/// What makes the application of its settings.
type Opening = fn(Settings) -> Result<Arc<App>, StartError>;

fn open(flags: &Flags) -> Result<Arc<App>, String> {
    open_by(startup::open, Settings::load(flags).map_err(|error| error.to_string())?)
}

fn open_by(opening: Opening, settings: Settings) -> Result<Arc<App>, String> {
    logs::start(&settings.log)?;
    opening(settings).map_err(|error| error.to_string())
}

/// For commands that look at what is there: a mistyped path must not make a new, empty database.
fn open_existing(opening: Opening, flags: &Flags) -> Result<Arc<App>, String> {
    let settings = Settings::load(flags).map_err(|error| error.to_string())?;
    match settings.database_url.expose_secret().strip_prefix("sqlite:") {
        Some(path) if !std::path::Path::new(path.trim_start_matches("//")).exists() => {
            Err(format!("there is no database at {path}"))
        }
        Some(_) | None => open_by(opening, settings),
    }
}

async fn serve(app: Arc<App>) -> Result<ExitCode, String> {
    if app.settings.mode == Mode::Sandbox && startup::is_new(&app).map_err(|error| error.to_string())? {
        print_sandbox_staff(&app)?;
    }
    let bound = startup::bind(app).map_err(|error| error.to_string())?;
    println!("Azukari listens on http://{0}; the documentation is at http://{0}/docs/", bound.address);
    startup::serve(bound).await.map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// A new sandbox gets one account for each staff role, with passwords that are shown once.
fn print_sandbox_staff(app: &Arc<App>) -> Result<(), String> {
    println!("A new sandbox. Its staff, shown only this once, ready for the environment of the examples:");
    for role in [Role::Support, Role::Moderator, Role::Finance, Role::Admin] {
        // What takes four eyes takes two people.
        for number in 1..=if matches!(role, Role::Support | Role::Finance) { 2 } else { 1 } {
            let suffix = if number == 1 { String::new() } else { number.to_string() };
            let email = format!("{role}{suffix}@azukari.example");
            let (password, _) = secrets::bearer("").map_err(|error| error.to_string())?;
            startup::create_staff(app, role, &email, &format!("{role} {number}"), &password)
                .map_err(|e| e.to_string())?;
            let name = format!("{role}{suffix}").to_uppercase();
            println!("export AZUKARI_{name}_EMAIL={email} AZUKARI_{name}_PASSWORD={password}");
        }
    }
    Ok(())
}

fn fill(app: &Arc<App>) -> Result<ExitCode, String> {
    let people = demo::fill(app).map_err(|error| error.to_string())?;
    println!("Everybody's password is {:?}; the tokens are good for 15 minutes.", demo::PASSWORD);
    for person in people {
        println!("\n{} <{}>\nexport TOKEN={}", person.name, person.email, person.tokens.access);
    }
    println!(
        "\nNow `azukari serve`, then: curl -H \"Authorization: Bearer $TOKEN\" {}/v1/me/contracts",
        app.settings.public_url()
    );
    Ok(ExitCode::SUCCESS)
}

fn print_specification() -> Result<ExitCode, String> {
    let document = openapi::document().map_err(|error| error.to_string())?;
    let yaml = serde_norway::to_string(&document).map_err(|error| error.to_string())?;
    std::io::stdout().write_all(yaml.as_bytes()).map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn write_states(folder: &std::path::Path) -> Result<ExitCode, String> {
    let write =
        |name: String, text: String| std::fs::write(folder.join(&name), text).map_err(|e| format!("{name}: {e}"));
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    for table in domain::states::machines() {
        let diagram = table.mermaid();
        write(format!("{}.md", table.name), format!("# {}\n\n```mermaid\n{diagram}\n```\n", table.name))?;
    }
    let json = crate::routes::platform::state_machines_json().map_err(|error| error.to_string())?;
    write("state-machines.json".into(), format!("{json:#}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn create_staff(app: &Arc<App>, role: Role, email: &str, name: &str) -> Result<ExitCode, String> {
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).map_err(|error| error.to_string())?;
    let password = password.trim_end_matches(['\r', '\n']);
    if role == Role::Member {
        return Err("staff need a role of support, moderator, finance or admin".into());
    }
    startup::create_staff(app, role, email, name, password).map_err(|error| error.to_string())?;
    println!("created {role} {email}");
    Ok(ExitCode::SUCCESS)
}

fn set_role(app: &Arc<App>, email: &str, role: Role, reason: &str) -> Result<ExitCode, String> {
    let (deed, address) = (Deed::command("staff set-role", Some(reason)), email.to_owned());
    let changed = at_console(app, deed, move |tx, cx| change_by_address(tx, cx, &address, role));
    changed.map_err(|problem| {
        if problem.code() == Code::NotFound {
            format!("nobody has an account with the address {email}")
        } else {
            format!("the role could not be changed: {}", problem.told())
        }
    })?;
    println!("{email} is {role} from now on");
    Ok(ExitCode::SUCCESS)
}

fn rotate_keys(app: &Arc<App>) -> Result<ExitCode, String> {
    let generation = keys::rotate(app).map_err(|problem| problem.told())?;
    let hours = keys::LEAST.num_hours();
    let generation = generation.ok_or_else(|| {
        format!("the keys were rotated less than {hours} hour ago, and tokens of the key before must stay good")
    })?;
    println!("tokens are signed by key {generation} from now on");
    Ok(ExitCode::SUCCESS)
}

fn adopt_secret(app: &Arc<App>) -> Result<ExitCode, String> {
    let adopted = keys::adopt(app).map_err(|problem| problem.told())?;
    let told = "the present secret is the database's from now on; whoever runs with another ends within a moment";
    println!("{}", if adopted { told } else { "the database belongs to the present secret already" });
    Ok(ExitCode::SUCCESS)
}

fn verify(app: &Arc<App>) -> Result<ExitCode, String> {
    let audit = app.store.read(ledger::verify).map_err(|error| error.to_string())?;
    println!("{} entries, {} postings", audit.report.entries, audit.report.postings);
    for finding in audit.findings() {
        println!("{finding}");
    }
    println!("{}", if audit.is_sound() { "every invariant holds" } else { "THE BOOKS ARE NOT SOUND" });
    Ok(if audit.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
