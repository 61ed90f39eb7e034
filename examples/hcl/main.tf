# Plain Terraform or OpenTofu, without cdktf. Where the provider comes from: docs/terraform.md.
terraform {
  required_version = ">= 1.8"
  required_providers {
    coderscim = {
      source  = "coder-scim.invalid/coder-scim/coderscim"
      version = "~> 0.1"
    }
  }
}

# Address and credential: CODER_SCIM_URL and CODER_SCIM_ADMIN_TOKEN, where Terraform runs.
provider "coderscim" {}

# What `coder-scim token create` printed: the identity provider gets it as it is, the app its digest.
variable "scim_token" {
  type      = string
  sensitive = true
}

resource "coderscim_app" "okta" {
  name              = "okta"
  identity_provider = "okta"

  tokens = {
    primary = {
      digest     = provider::coderscim::token_digest(var.scim_token)
      expires_at = "2027-11-01T00:00:00Z"
    }
  }

  role_mappings = {
    admins   = { idp_group = "coder-admins", role = "owner" }
    platform = { idp_group = "coder-platform", role = "template-admin" }
  }

  group_mappings = {
    developers = { idp_group = "coder-developers", group = "developers" }
  }

  guard = {
    protected_accounts = ["breakglass"]
  }

  timeouts = {
    delete = "15m"
  }
}

data "coderscim_status" "bridge" {
  depends_on = [coderscim_app.okta]
}

check "converged" {
  assert {
    condition     = data.coderscim_status.bridge.apps["okta"].converged
    error_message = "Coder does not agree with app okta yet: ${coalesce(data.coderscim_status.bridge.recovery, "coder-scim status says what is missing")}"
  }
}

output "scim_base_url" {
  value = coderscim_app.okta.scim_base_url
}
