//! What operations share and no handler names: the headers of answers, and the schema of refusals.

use serde_json::{Value, json};

use crate::problem::Code;

/// The headers that answers tell of.
pub(super) fn headers() -> Value {
    let header = |description: &str, example: &str| {
        json!({
            "description": description, "required": true, "example": example,
            "schema": {"type": "string", "maxLength": 100, "pattern": "^[ -~]+$"},
        })
    };
    json!({
        "RateLimit": header("What is left of the caller's allowance, and after how many seconds it is whole again.", "\"reads\";r=5999;t=1"),
        "RateLimit-Policy": header("The allowance: requests (`q`) within so many seconds (`w`).", "\"reads\";q=6000;w=60"),
        "ETag": header("The version of the resource, and what stands for this representation of it: send it as `If-Match` or `If-None-Match`.", "\"3-9f86d081884c7d65\""),
        "Location": {
            "description": "Where the new resource is; not with `?preview=true`.", "required": false,
            "example": "/v1/contracts/contract_01k30dwqgzfgx9p7jfdwpht7gg",
            "schema": {"type": "string", "maxLength": 200, "pattern": "^[!-~]+$"},
        },
        "Idempotency-Replayed": {
            "description": "With the first answer to a request that came again.", "required": false, "example": "true",
            "schema": {"type": "string", "enum": ["true"]},
        },
        "Retry-After": {
            "description": "After how many seconds to try again.", "required": true, "example": 1,
            "schema": {"type": "integer", "format": "int32", "minimum": 1, "maximum": i32::MAX},
        },
    })
}

/// The schema of every refusal.
pub(super) fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "title": "Problem",
        "description": "A refusal (RFC 9457). Decide on `code`; show `title` and `detail`, which follow Accept-Language.",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "description": "A page that explains the code."},
            "title": {"type": "string"},
            "status": {"type": "integer", "format": "int32"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": codes},
            "request_id": {"type": "string", "description": "Quote it when you ask for help."},
            "errors": {"type": "array", "description": "What is wrong, place by place.", "items": {
                "type": "object", "required": ["pointer", "code", "detail"], "properties": {
                    "pointer": {"type": "string", "description": "A JSON Pointer (RFC 6901) into the body."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            }},
            "allowed_actions": {"type": "array", "items": {"type": "string"}, "description": "What you may do instead."},
            "blockers": {"type": "array", "items": {"$ref": "#/components/schemas/Blocker"}, "description": "With `withdrawal_blocked`: what stands in the way of leaving."},
            "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/Warning"}, "description": "With `warnings_not_acknowledged`: what is still to be acknowledged."},
            "factors": {"type": "array", "items": {"type": "string", "enum": ["password", "totp", "recovery_code", "social"]}, "description": "With `recent_login_required` and `second_factor_required`: what you can prove yourself by."},
            "challenge_token": {"type": "string", "description": "With `second_factor_required` at a log-in: to be sent with the code to `/v1/sessions/second-factor`, within five minutes."},
            "scope": {"type": "string", "description": "With `insufficient_scope`: the scope that is needed."},
            "join_token": {"type": "string", "description": "With `registration_needed`: to be sent to `/v1/accounts/social`, within 30 minutes."},
            "email": {"type": "string", "description": "With `registration_needed`: the address that the provider has verified."},
            "next_net": {"$ref": "#/components/schemas/Money", "description": "With `no_such_net`: the nearest net that a price gives."},
            "next_gross": {"$ref": "#/components/schemas/Money", "description": "With `no_such_net`: the smallest price that gives it."},
            "refundable": {"$ref": "#/components/schemas/Money", "description": "With `refund_too_large`: how much of the payment can still go back."},
        },
    })
}
