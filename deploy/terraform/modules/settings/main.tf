# One place for what the gateway's probes and the load balancers' checks have to agree on. Needs no provider.

terraform {
  required_version = ">= 1.5"
}

variable "service" {
  description = "The service's name, and the path that its routes begin with."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,64}$", var.service))
    error_message = "1 to 64 of A-Z a-z 0-9 - _ ."
  }
}

variable "addresses" {
  description = "The address of each stack, as http://HOST:PORT."
  type        = object({ blue = string, green = string })
}

variable "health" {
  description = "How a destination is probed. Times in seconds."
  type = object({
    path                = optional(string, "/health")
    healthy_threshold   = optional(number, 3)
    unhealthy_threshold = optional(number, 2)
    timeout             = optional(number, 5)
    interval            = optional(number, 10)
    matcher             = optional(string, "200")
  })
  default = {}

  validation {
    condition     = var.health.timeout < var.health.interval
    error_message = "The timeout has to be shorter than the interval."
  }
}

variable "drain_seconds" {
  description = "How long the old stack may finish what it has begun."
  type        = number
  default     = 300
}

variable "bake_seconds" {
  description = "How long the new stack is watched after the switch."
  type        = number
  default     = 900
}

variable "admin_tokens" {
  description = "The lines that `bluegreen token new` prints: hashes, no tokens."
  type = list(object({
    Name   = string
    Sha256 = string
    Role   = string
  }))
}

locals {
  # A .NET TimeSpan.
  span = { for name, seconds in {
    timeout  = var.health.timeout
    interval = var.health.interval
    drain    = var.drain_seconds
    bake     = var.bake_seconds
  } : name => format("%02d:%02d:%02d", floor(seconds / 3600), floor(seconds / 60) % 60, seconds % 60) }
}

output "health" {
  description = "The health settings, for load balancers."
  value       = var.health
}

output "drain_seconds" {
  description = "The drain, for deregistration delays."
  value       = var.drain_seconds
}

output "gateway_json" {
  description = "The gateway's configuration."
  value = jsonencode({
    Urls = "http://0.0.0.0:8080"
    ReverseProxy = {
      Routes = {
        (var.service) = { ClusterId = "${var.service}-blue", Match = { Path = "/${var.service}/{**rest}" } }
      }
      Clusters = { for slot, address in var.addresses : "${var.service}-${slot}" => {
        Destinations = { (slot) = { Address = address } }
      } }
    }
    BlueGreen = {
      Admin = { Urls = "http://0.0.0.0:9090", Tokens = var.admin_tokens }
      State = { Directory = "/state" }
      Services = {
        (var.service) = {
          Blue  = "${var.service}-blue"
          Green = "${var.service}-green"
          Health = {
            Path               = var.health.path
            Interval           = local.span.interval
            Timeout            = local.span.timeout
            HealthyThreshold   = var.health.healthy_threshold
            UnhealthyThreshold = var.health.unhealthy_threshold
            ExpectStatus       = var.health.matcher
          }
          Drain = { Timeout = local.span.drain }
          Bake  = { Duration = local.span.bake }
        }
      }
    }
  })
}
