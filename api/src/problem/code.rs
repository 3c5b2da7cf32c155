//! Every error code there is: its status, and what it means, in both languages.

use crate::locale::Text;

macro_rules! codes {
    ($($variant:ident $status:literal $code:literal $title_en:literal $title_ja:literal $en:literal $ja:literal;)+) => {
        /// A stable error code. Programs decide on these; people read the titles.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $(#[doc = $en] $variant),+ }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, as sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The HTTP status it comes with, always the same.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// What it is called.
            pub fn title(self) -> Text {
                match self { $(Self::$variant => Text { en: $title_en.into(), ja: $title_ja.into() }),+ }
            }

            /// What it means and what to do.
            pub fn meaning(self) -> Text {
                match self { $(Self::$variant => Text { en: $en.into(), ja: $ja.into() }),+ }
            }
        }
    };
}

codes! {
    MalformedJson 400 "malformed_json" "Malformed JSON" "JSONの形式が不正です"
        "The body is not well-formed JSON in UTF-8, is nested too deeply, or names a member twice." "本文がUTF-8の正しいJSONではないか、入れ子が深すぎるか、同じ名前が二度あります。";
    InvalidId 400 "invalid_id" "Invalid id" "IDが不正です"
        "The id is malformed or identifies another kind of thing." "IDの形式が不正か、別の種類のIDです。";
    InvalidParameter 400 "invalid_parameter" "Invalid parameter" "パラメーターが不正です"
        "A query parameter is unknown, repeated or has a value it cannot have." "未知の、または値の不正なクエリパラメーターがあります。";
    InvalidCursor 400 "invalid_cursor" "Invalid cursor" "カーソルが不正です"
        "The cursor was not made by this server for this list with these filters." "このカーソルは、この一覧とこの条件のために発行されたものではありません。";
    InvalidHeader 400 "invalid_header" "Invalid header" "ヘッダーが不正です"
        "A request header has a value it cannot have." "リクエストヘッダーの値が不正です。";
    IdempotencyKeyMissing 400 "idempotency_key_missing" "Idempotency-Key is missing" "Idempotency-Keyがありません"
        "This operation moves money or binds someone: send a fresh Idempotency-Key, and the same one when you retry." "お金や契約に関わる操作です。新しいIdempotency-Keyを付け、再試行では同じ値を送ってください。";
    Unauthenticated 401 "unauthenticated" "Log in first" "ログインが必要です"
        "The request carries no bearer token." "ベアラートークンがありません。";
    InvalidToken 401 "invalid_token" "The token is not valid" "トークンが無効です"
        "The token is expired, revoked, forged or not for this server: refresh it or log in again." "トークンの期限切れ、失効、偽造、または別のサーバー向けです。更新するかログインし直してください。";
    InvalidCredentials 401 "invalid_credentials" "E-mail or password is wrong" "メールアドレスまたはパスワードが違います"
        "No account has this e-mail with this password, or nobody has confirmed the address yet." "このメールアドレスとパスワードの組み合わせのアカウントがないか、アドレスがまだ確認されていません。";
    PasswordNeeded 403 "password_needed" "Send the password as well" "パスワードも必要です"
        "This address was registered more than once, perhaps not by you alone: send the password of the last registration with the token." "このメールアドレスは複数回登録されています（ご本人以外の可能性があります）。トークンとともに、最後の登録のパスワードを送ってください。";
    InvalidCode 401 "invalid_code" "The code is wrong" "コードが違います"
        "The code is not that of this half minute, was used before, or is no recovery code that is left." "現在のコードではないか、使用済みか、有効なリカバリーコードではありません。";
    SecondFactorRequired 403 "second_factor_required" "A second factor is needed" "二段階認証が必要です"
        "The account has a second factor: send one of the named factors, with the challenge_token if there is one." "このアカウントには二段階認証が設定されています。factorsのいずれかを、challenge_tokenがあればそれとともに送ってください。";
    SecondFactorMissing 403 "second_factor_missing" "Staff need a second factor" "スタッフには二段階認証が必要です"
        "In production staff do nothing for the operator before they have set up a second factor: POST /v1/me/second-factor." "本番環境では、スタッフは二段階認証を設定するまで業務を行えません。POST /v1/me/second-factor で設定してください。";
    RecentLoginRequired 403 "recent_login_required" "Prove again who you are" "ご本人の確認が必要です"
        "This needs a proof of the last minutes: send one of the named factors to POST /v1/sessions/step-up, or log in again, then repeat it." "直前の本人確認が必要な操作です。factorsのいずれかを POST /v1/sessions/step-up に送るか、もう一度ログインして、やり直してください。";
    NotPermitted 403 "not_permitted" "Not yours to do" "許可されていません"
        "You can see this, but your role does not allow this operation." "閲覧はできますが、あなたの役割ではこの操作はできません。";
    InsufficientScope 403 "insufficient_scope" "The scope is missing" "スコープが足りません"
        "The token of an app, or the API key, was not given the scope that this needs." "アプリのトークンまたはAPIキーに、この操作に必要なスコープがありません。";
    NotForApps 403 "not_for_apps" "Never for an app" "アプリにはできない操作です"
        "This is for the member alone, with a session of their own: no scope opens it to apps and API keys, or this app acts without a member." "会員本人だけが自身のセッションで行える操作です。アプリやAPIキーにはどのスコープでも許可されません。";
    TooManyApps 409 "too_many_apps" "There are too many already" "登録数の上限です"
        "A member can have 20 apps and 50 API keys: delete one that is no longer used." "登録できるのはアプリ20個、APIキー50個までです。使わないものを削除してください。";
    NotFound 404 "not_found" "Not found" "見つかりません"
        "There is no such thing, or it is none of your business." "存在しないか、あなたには公開されていません。";
    MethodNotAllowed 405 "method_not_allowed" "Method not allowed" "このメソッドは使えません"
        "The path exists, but not with this method; see the Allow header." "このパスでは使えないメソッドです。Allowヘッダーを参照してください。";
    ActionRefused 409 "action_refused" "Not possible in this state" "この状態ではできません"
        "The resource is in a state that does not allow this action; allowed_actions lists what it allows you." "現在の状態ではこの操作はできません。可能な操作はallowed_actionsにあります。";
    LostRace 409 "lost_race" "Somebody else was first" "他の操作が先に行われました"
        "The resource changed while your request was on its way: read it again and decide again." "処理中に他の操作で変更されました。読み直してからやり直してください。";
    StaleDelivery 409 "stale_delivery" "There is a newer delivery" "より新しい納品があります"
        "The delivery you named is not the current one: look at the current delivery, then accept that." "指定された納品は最新ではありません。最新の納品を確認してください。";
    StaleTerms 409 "stale_terms" "The terms have changed" "条件が変更されています"
        "The round you named is not the current one: read the current terms before you bind yourself." "指定された回は最新ではありません。最新の条件を確認してください。";
    StaleOffer 409 "stale_offer" "Another offer stands" "別の提示が有効です"
        "The share you named is not the standing offer's: read the current offer before you accept it." "指定された取り分は現在の提示と異なります。最新の提示を確認してください。";
    StaleRuling 409 "stale_ruling" "Another ruling waits" "別の裁定案が有効です"
        "The share you named is not the proposed ruling's: read the current one before you confirm it." "指定された取り分は現在の裁定案と異なります。最新の裁定案を確認してください。";
    RevisionsExhausted 409 "revisions_exhausted" "No revision rounds left" "修正回数の上限です"
        "The agreed number of revision rounds is used up: accept, or open a dispute." "合意した修正回数を使い切りました。検収するか、紛争を申し立ててください。";
    AlreadyProposed 409 "already_proposed" "You already have a proposal here" "すでに提案済みです"
        "Only one running proposal per worker and job: counter or retract the one you have." "一つの募集への有効な提案は一件までです。";
    AlreadyRequested 409 "already_requested" "There is already a running request" "すでに申請中です"
        "Only one cancellation request can run per contract." "一つの契約で進行できるキャンセル申請は一件までです。";
    TooEarly 409 "too_early" "Not yet" "まだできません"
        "This becomes possible later; the detail says when." "後で可能になります。時期は詳細にあります。";
    WorkUndecided 409 "work_undecided" "Delivered work awaits a decision" "納品物の判断待ちです"
        "A delivered or disputed milestone must be decided first." "納品済みまたは紛争中のマイルストーンの決着が先です。";
    AlreadyRecorded 409 "already_recorded" "Already recorded" "すでに記録済みです"
        "A receipt with this bank reference is already booked." "この銀行参照番号の入金はすでに記帳されています。";
    FourEyes 409 "four_eyes" "Another person must confirm" "別の担当者の確認が必要です"
        "Whoever proposed a ruling, or drafted an entry, does not decide on it." "裁定案や記帳案を作成した本人は、確定も却下もできません。";
    InsufficientFunds 409 "insufficient_funds" "Not enough money" "残高が不足しています"
        "The account does not hold this much that is free to use." "利用できる残高が足りません。";
    BalanceTooLarge 409 "balance_too_large" "A balance would become too large" "残高が上限を超えます"
        "An account would hold 2^53 minor units or more, which cannot be sent exactly; nothing was changed. Pay something out first." "口座の残高が2^53以上となり正確に表せないため、何も変更されていません。先に出金してください。";
    ClockNotForward 409 "clock_not_forward" "The test clock only goes forward" "テスト時計は進めることしかできません"
        "The moment named is not after the current time of the test clock." "指定された時刻はテスト時計の現在時刻より後ではありません。";
    StillRunning 409 "still_running" "The first request is still running" "最初のリクエストを処理中です"
        "A request with this Idempotency-Key is still at work: send it again in a moment, with the same key." "このIdempotency-Keyのリクエストを処理中です。しばらくしてから同じキーで再送してください。";
    WithdrawalBlocked 409 "withdrawal_blocked" "Something stands in the way of leaving" "退会できない原因があります"
        "The blockers say what, who must act, and what clears it." "blockersに原因、対応する人、解消方法があります。";
    MemberLeft 409 "member_left" "The other member has left" "相手は退会しました"
        "One of the two sides has left the marketplace, so that nothing new can begin between you." "一方が退会したため、新しい取引は始められません。";
    AccountClosing 403 "account_closing" "You have left" "退会済みです"
        "This account is closed, except for money that is still on its way to you." "このアカウントは退会済みです。送金中のお金の手続きだけが続いています。";
    RegistrationNeeded 403 "registration_needed" "Join first" "会員登録が必要です"
        "The provider vouches for you, and you are no member yet: send the join_token to POST /v1/accounts/social." "連携先での確認はできましたが、まだ会員ではありません。join_tokenを POST /v1/accounts/social に送ってください。";
    LinkNeeded 409 "link_needed" "Log in as usual, and link it" "先に通常のログインが必要です"
        "A member has this address, and has not linked this account: log in as usual, then link it at /v1/me/identities." "このメールアドレスの会員がいますが、この外部アカウントは連携されていません。通常の方法でログインし、/v1/me/identities で連携してください。";
    IdentityTaken 409 "identity_taken" "Linked already" "連携済みです"
        "This account at the provider is linked with a member already." "この外部アカウントはすでに会員と連携されています。";
    LastWayIn 409 "last_way_in" "Nothing else logs you in" "ほかにログイン方法がありません"
        "Without this account you could not log in any more: set a password first (PUT /v1/me/password)." "この連携を解除するとログインできなくなります。先にパスワードを設定してください（PUT /v1/me/password）。";
    NotBackYet 409 "not_back_yet" "Not yet" "まだ再登録できません"
        "Somebody left with this address, and it cannot join again yet." "退会済みのメールアドレスのため、まだ再登録できません。";
    EmailNotVerified 403 "email_not_verified" "The provider has not verified your address" "連携先でメールアドレスが確認されていません"
        "The provider vouches for no address of yours: verify it there, then try again." "連携先でメールアドレスが確認されていません。連携先で確認してから、やり直してください。";
    SocialLoginRefused 401 "social_login_refused" "Begin again" "もう一度やり直してください"
        "What came back from the provider is not accepted: it is too late, was used before, or does not belong to this visit." "連携先からの応答を受け付けられません。期限切れか、使用済みか、この手続きのものではありません。";
    ProviderUnavailable 503 "provider_unavailable" "The provider does not answer" "連携先が応答していません"
        "The provider of your account does not answer just now. Begin again in a moment, or log in another way." "連携先が応答していません。しばらくしてからやり直すか、別の方法でログインしてください。";
    SecondFactorSet 409 "second_factor_set" "There is a second factor already" "二段階認証は設定済みです"
        "Only one second factor can be set: remove it first to set another." "設定できる二段階認証は一つです。変更するには先に解除してください。";
    LongerPasswordNeeded 409 "longer_password_needed" "The password is too short to stand alone" "パスワードが短すぎます"
        "A password of fewer than 15 characters needs a second factor beside it: choose a longer one first." "15文字未満のパスワードには二段階認証が必要です。先に長いパスワードへ変更してください。";
    UsernameTaken 409 "username_taken" "The username is taken" "このユーザー名は使えません"
        "Somebody has, or had, this username or one that looks like it: choose another." "同じ、または見分けのつかないユーザー名が使われているか、使われていました。別の名前を選んでください。";
    UsernameSet 409 "username_set" "You have a username" "ユーザー名は設定済みです"
        "A username is chosen once and does not change." "ユーザー名は一度だけ設定でき、変更できません。";
    BankAccountMissing 409 "bank_account_missing" "No bank account" "銀行口座が未登録です"
        "There is no bank account that money could be sent to: name one first." "送金先の銀行口座が登録されていません。先に登録してください。";
    BankAccountFailing 409 "bank_account_failing" "The bank account does not work" "銀行口座に振り込めません"
        "The bank refused a transfer to this account: correct it first." "この口座への振込が銀行に拒否されました。先に口座を修正してください。";
    BankAccountChanged 409 "bank_account_changed" "The bank account has changed" "銀行口座が変更されています"
        "The version you named is not that of the current account: look where the money would go, then ask again." "指定された版は現在の口座と異なります。振込先を確認してからやり直してください。";
    RefundTooLarge 409 "refund_too_large" "Not that much can go back" "返金額が大きすぎます"
        "A refund is at most what the payment brought in, less what went back of it already." "返金できるのは、その支払いの入金額から返金済みの額を引いた額までです。";
    NoBankForCurrency 409 "no_bank_for_currency" "No bank for this currency" "この通貨の銀行送金はできません"
        "Transfers go out in yen only; write to support about other currencies." "銀行送金は日本円だけです。ほかの通貨についてはサポートへお問い合わせください。";
    NothingDue 409 "nothing_due" "Nothing is due" "対象の出金がありません"
        "No payout is due by that day that could go to the bank." "その日までに銀行へ送れる出金はありません。";
    BodyTooSlow 408 "body_too_slow" "The body came too slowly" "本文の受信に時間がかかりすぎました"
        "The body did not arrive in time: send it again, all of it at once." "本文が時間内に届きませんでした。まとめて送り直してください。";
    PreconditionFailed 412 "precondition_failed" "The resource has changed" "リソースが変更されています"
        "The If-Match header names another version than the present one: read the resource again." "If-Matchの版は現在の版と異なります。読み直してください。";
    BodyTooLarge 413 "body_too_large" "The body is too large" "本文が大きすぎます"
        "A JSON body may be at most 256 KiB." "JSON本文は256KiBまでです。";
    UnsupportedMediaType 415 "unsupported_media_type" "Unsupported media type" "対応していない形式です"
        "Send the body as application/json." "本文はapplication/jsonで送ってください。";
    InvalidBody 422 "invalid_body" "The body breaks a rule" "本文に誤りがあります"
        "The errors list says which members are wrong, and how." "errorsに誤りの場所と内容があります。";
    IdempotencyKeyReused 422 "idempotency_key_reused" "The key was used for another request" "キーは別のリクエストで使用済みです"
        "This Idempotency-Key belongs to a request with another path or body." "このIdempotency-Keyは別のリクエストで使われています。";
    AnswerNotRepeatable 409 "answer_not_repeatable" "The first answer carried a secret" "最初の応答は再送できません"
        "The request was carried out, but its answer held a secret and is not kept: start over with a new key." "処理は完了していますが、応答に秘密情報が含まれるため再送できません。";
    NoSuchNet 422 "no_such_net" "No price has exactly this net" "この手取り額になる金額はありません"
        "Rounding skips this net amount; the detail names the next one that exists." "端数処理のため、この手取り額になる金額はありません。詳細に次の候補があります。";
    TermsRefused 422 "terms_refused" "The terms break a rule" "条件に誤りがあります"
        "The errors list says which of the terms cannot be agreed on, and why." "errorsに合意できない条件と理由があります。";
    SharesRefused 422 "shares_refused" "The shares do not fit" "配分に誤りがあります"
        "Shares must name exactly the open milestones, and none may exceed what is held for it." "配分は未完了のマイルストーンすべてについて、保全額の範囲で指定してください。";
    WarningsNotAcknowledged 422 "warnings_not_acknowledged" "Acknowledge the warnings first" "注意事項の確認が必要です"
        "Leaving loses something; name every warning of the readiness in acknowledged_warnings." "退会で失われるものがあります。注意事項をすべてacknowledged_warningsに指定してください。";
    OwnJob 422 "own_job" "This is your own job" "自分の募集です"
        "Nobody can propose to work for themselves." "自分の募集には提案できません。";
    PayoutTooSmall 422 "payout_too_small" "Too little to be paid out" "出金額が少なすぎます"
        "Less than the minimum is not paid out; it waits, and is never lost." "最低出金額に満たない金額は出金できません。残高は失効せず繰り越されます。";
    NotAMonthEnd 422 "not_a_month_end" "Not the last day of a month" "月末の日付ではありません"
        "Payouts are reckoned by whole months: name the last day of one, as in 2026-04-30." "出金は月単位で締めます。2026-04-30のような月末の日付を指定してください。";
    RateLimited 429 "rate_limited" "Too many requests" "リクエストが多すぎます"
        "Wait as long as Retry-After says." "Retry-Afterの秒数だけお待ちください。";
    GuessingTooFast 429 "guessing_too_fast" "Too many failed attempts" "試行が続けて失敗しました"
        "Wait as long as Retry-After says before the next attempt; from a device that has logged in before, or after a password reset, there is no wait for the guesses of others." "Retry-Afterの秒数だけお待ちください。ログイン済みの端末やパスワードの再設定後には、他人の試行による待ち時間はありません。";
    Internal 500 "internal" "Something broke on our side" "サーバー側で問題が発生しました"
        "Nothing was changed. Quote the request_id when you ask for help." "何も変更されていません。お問い合わせの際はrequest_idをお知らせください。";
    Unavailable 503 "unavailable" "Come back in a moment" "しばらくしてからお試しください"
        "The database is not available just now; nothing was changed. Retry with the same Idempotency-Key." "現在データベースを利用できません。変更は行われていません。同じIdempotency-Keyで再試行してください。";
}
